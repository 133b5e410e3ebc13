// The journal of an interview in; how long each screen was shown, as Collect's audit.csv, out. No answer stands in it.

/** @param {{p?: string, t: number}[]} journal @returns {string} */
export function auditOf(journal) {
  const turns = journal.filter((entry) => entry.p !== undefined);
  if (!turns.length) return "";
  const rows = ["event,node,start,end", `form start,,${turns[0].t},`];
  turns.forEach((turn, number) => {
    const next = turns[number + 1];
    if (turn.p) rows.push(`question,${turn.p},${turn.t},${next ? next.t : turn.t}`);
  });
  const end = turns[turns.length - 1].t;
  return [...rows, `end screen,,${end},${end}`, `form finalize,,${end},`, ""].join("\n");
}
