/** What `form.js` takes and gives, and what its parts hand each other. Types only: no browser loads this file. */

/** One row of a list: column → text. */
export type Row = Record<string, string>;

/** What a form needs of the world around it. */
export interface Around {
  /** rows of each entity list or CSV file by its name without `.csv` */
  lists: Record<string, Row[]>;
  now: () => Date;
  /** a new version-4 UUID, without `uuid:` */
  uuid: () => string;
  deviceId: string;
  username: string;
  /** code of the language to open in, else the form's default */
  language?: string;
  /** `values()` of the last record of this form finished on this tablet, for `last-saved` */
  lastSaved?: Record<string, string>;
}

export type Control =
  | "text" | "number" | "decimal" | "date" | "time" | "datetime" | "select1" | "select" | "note" | "range" | "rank"
  | "photo" | "audio" | "file" | "geopoint" | "barcode" | "trigger";

export interface Item {
  value: string;
  label: string;
  image: string;
  audio: string;
}

export interface Question {
  key: string;
  name: string;
  /** the path without positions of repeats, as an audit log names it */
  node: string;
  control: Control;
  /** plain text; **bold**, _italics_ and # headings left in */
  label: string;
  hint: string;
  guidance: string;
  /** names of files of the form, or "" */
  image: string;
  audio: string;
  required: boolean;
  readonly: boolean;
  relevant: boolean;
  value: string;
  /** empty but for select1, select and rank; made when asked for, so ask once */
  readonly items: Item[];
  appearance: string;
  /** what to say when the constraint does not hold, "" when the form says nothing */
  message: string;
  requiredMessage: string;
  range: { start: string; end: string; step: string } | null;
}

export interface Page {
  /** the same page keeps its key while others come and go */
  key: string;
  /** "repeat": asks whether there is one more of a repeated group; its questions are none */
  kind: "page" | "repeat";
  /** label of the innermost group that has one */
  title: string;
  questions: string[];
  repeat?: { key: string; canAdd: boolean; count: number };
}

export interface Problem {
  key: string;
  kind: "required" | "constraint" | "number" | "date";
  /** what the form says, "" when it says nothing */
  message: string;
}

export interface Changed {
  /** questions whose value, label, items or relevance may have changed; "*": pages may have come or gone */
  changed: string[];
}

export interface Form {
  id: string;
  version: string;
  /** codes, the default first */
  languages: string[];
  readonly language: string;
  setLanguage(code: string): void;
  title(): string;
  pages(): Page[];
  question(key: string): Question;
  answer(key: string, text: string): Changed;
  /** `key` of a page of kind repeat; gives the key of the new one */
  addRepeat(key: string): Changed & { key: string };
  /** `key` of one of the repeated: "/data/people[2]" */
  removeRepeat(key: string): Changed;
  check(key?: string): Problem[];
  values(): Record<string, string>;
  named(): Record<string, string>;
  /** kept: names of questions that stay as they are in the version `deprecatedId` */
  instance(meta: { instanceId: string; deprecatedId?: string; audit?: string; kept?: string[] }): string;
}

// --- inside forms/ ---

/** "" is no value; a date is local */
export type Value = string | number | boolean | Date;

/** an expression of a plan: khula/analysis/packs/device/resolve.py says what it may be */
export type Runs = any;

/** a value, how an instance writes it, and what the text should have been where it is none */
export interface Kept {
  v: Value;
  x: string;
  bad?: string;
}

/** A node of the instance. */
export interface Inst extends Kept {
  /** its number in the plan */
  d: number;
  /** what it stands in */
  p: Inst | null;
  /** what stands in it, by number */
  k: Record<number, Inst[]>;
  /** whether its own condition holds */
  on: boolean;
  /** which of the repeated it is, from 1; else 0 */
  pos: number;
  seed?: number;
}

export type Cells = Record<string, any>;

/** Where an expression is asked. */
export interface Here {
  f: Engine;
  /** from which paths start */
  n: Inst;
  /** at which the whole expression stands */
  o: Inst;
  /** a row of the list l */
  r?: Cells;
  l?: Cells[];
  /** position among nodes or rows */
  i?: number;
}

export interface List {
  rows: Cells[];
  /** rows with that text in a column, by index */
  by(column: string, text: string): Cells[];
}

/** What is worked out again when what it needs changes: 0 calculation, 1 relevance, 2 how many r, 3 is the answer offered. */
export interface Entry {
  kind: number;
  d: number;
  e: Runs;
  r?: number;
  /** it reads other ones of a repeat than its own */
  wide: boolean;
}

/** The instance, kept right after every change. */
export interface Engine {
  plan: any;
  around: Around;
  language: number;
  root: Inst;
  /** nodes outside repeats */
  single: Inst[];
  kids: number[][];
  /** questions by node; questions whose texts read a node */
  asks: any[];
  users: Record<number, any[]>;
  entries: Entry[];
  touched: Set<Inst>;
  /** relevance or repeats changed */
  shifted: boolean;
  more(d: number): any;
  here(n: Inst): Here;
  /** Nodes numbered `to` as a path from `from` means them: what both stand in is shared, with `above` only what is above that. */
  find(from: Inst, to: number, ok?: ((n: Inst, i: number) => boolean) | 0, above?: number): Inst[];
  isOn(n: Inst): boolean;
  key(n: Inst): string;
  at(key: string, grow?: boolean): Inst | undefined;
  settle(): void;
  answer(n: Inst, text: string): void;
  /** one more of repeat r */
  add(p: Inst, r: number): Inst;
  remove(n: Inst): void;
  list(i: number): List;
  items(d: number, from: Inst): Item[];
  /** text, image, audio, guidance */
  says(number: number | undefined, n: Inst): string[];
}

export type Grow = (plan: any, around: Around, saved: Record<string, string> | null | undefined) => Engine;
export type Strict = Record<string, (c: Here, ...v: Value[]) => Value>;
export type Lazy = Record<string, (e: Runs, c: Here) => Value>;
export type Open = (plan: any, around: Around, saved?: Record<string, string> | null) => Form;

/** Expressions, asked. */
export interface Asking {
  value(e: Runs, c: Here): Value;
  holds(e: Runs, c: Here): boolean;
  /** the relevant nodes a path means */
  nodes(e: Runs, c: Here): Inst[];
  /** rows of a list that meet its conditions, in their order */
  rows(e: Runs, c: Here): Cells[];
  met(one: Runs, row: Here): boolean;
  seed(e: Runs, c: Here): number;
}
