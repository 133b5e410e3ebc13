// The text of a CSV file (RFC 4180) in; its rows by column out, or null when it is not whole.

/** @param {string} text @returns {Record<string, string>[] | null} */
export function rowsOf(text) {
  const lines = text.includes('"') ? quoted(text) : text.split(/\r\n|\r|\n/).map((line) => line.split(","));
  const last = lines.pop(); // what stands behind the last line's end
  const columns = lines.shift();
  if (last?.join("") || !columns || lines.some((line) => line.length !== columns.length)) return null;
  columns[0] = columns[0].replace("\ufeff", "");
  return lines.map((line) => Object.fromEntries(columns.map((column, at) => [column, line[at]])));
}

/** @param {string} text @returns {string[][]} */
function quoted(text) {
  const cells = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|\r|\n|$)/y;
  /** @type {string[][]} */
  const lines = [[]];
  while (cells.lastIndex <= text.length) {
    const cell = cells.exec(text);
    if (!cell) return [["", ""], ["?"]]; // a quote inside a cell, or one that is never closed
    lines[lines.length - 1].push(cell[1]?.replaceAll('""', '"') ?? cell[2]);
    if (cell[3] === "") break;
    if (cell[3] !== ",") lines.push([]);
  }
  return lines;
}
