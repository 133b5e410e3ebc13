// The shapes that go in and out of the meaning. Types only.

/** Missing is null, conditions are true, false or null, whole numbers that may pass 2^53 BigInts. */
export type Value = null | boolean | number | bigint | string;
export type Values = Record<string, Value>;
export type Answers = Record<string, string>; // question name → text as in the form

// -- what khula.analysis.device_meaning.device_plan writes, parsed

type Name = string;
export type Input = [Name, kind: "w" | "d" | "D" | "c" | "t", codes?: string[] | null, told?: 1];
export type Norm = [from: number | null, below: number | null, table: number];
/** Decimals and second differences, or -1 and the numbers themselves. */
type Packed = number[];
type Run = [sex: string, first: number, count: number, goesOn: 0 | 1, l: Packed, m: Packed, s: Packed];
/** Below `seam` months by day, from there on by month; by day throughout where it is null. */
export type Growth = { seam: number | null; extend: 0 | 1; byDay: Run[]; byMonth: Run[] };
export type Scale = [Name, of: number, isMeasured: 0 | 1, norms?: Norm[]];
export type Domain = [Name, needs: Name[], need: number, flags: number[], voices: Record<string, number[]>];
type Words = Record<"domains" | "alerts" | "flags" | "strengths", Record<Name, string>>;

export interface DevicePlan {
  pack: string;
  version: string;
  hash: string;
  inputs: Input[];
  constants: any[]; // also ["Infinity"], ["9007199254740993"], {rows} of a lookup, growth tables
  bound: number; // how many of the terms are bound; the others are the outputs
  terms: number[];
  named: Name[];
  told: Name[];
  scales: Scale[];
  flags: [Name, level: string][];
  strengths: [Name][];
  domains: Domain[];
  alerts: [Name, urgency: Urgency, informant: string][];
  words: Record<string, Words>;
  measures: Record<string, [question: Name, apart: number, scales: Name[]]>;
}

// -- in and out

/** What is known without asking. Days are texts like "2026-11-22". */
export interface Told {
  sex?: string | null;
  birth_date?: string | null;
  language?: string | null;
  grade?: string | null;
  on?: string | null;
}

export interface Score {
  value: any; // number, rarely a BigInt, or null
  band: string | null;
  could_be_band: string | null;
  answered: number;
  of: number;
  why_missing: string | null;
}

export type Level = "not enough information" | "low" | "medium" | "high";

export interface DomainLevel {
  level: Level;
  raised: Name[];
  have: number;
  need: number;
  missing: Name[];
  could_be: string | null;
  informants_differ: boolean;
  said: Record<string, "concern" | "no concern" | "not known">;
}

export interface Assessment {
  pack: string;
  version: string;
  pack_hash: string;
  input_hash: string; // "" until `written` works it out
  scores: Record<Name, Score>;
  flags: Record<Name, boolean | null>;
  strengths: Record<Name, boolean | null>;
  domains: Record<Name, DomainLevel>;
  alerts: Record<Name, boolean | null>;
  context: Record<string, number | string | null>;
}

export type Urgency = "now" | "today" | "week";
export interface TrueAlert {
  name: Name;
  urgency: Urgency;
  informant: string;
  say: string;
}

/**
 * `value` and `again` are the two readings that lie closest together, in the order they were taken; nothing is
 * averaged, so the form holds what was measured and the server scores the same number. `z`: scale → z-score and band
 * of every growth scale this measurement decides, with the answers so far. `message` is a key for words/:
 * "measure_third" (the readings differ too much), "measure_apart" (three, none agree), "measure_doubtful" (a z-score
 * nobody has: check name and birth date, measure again), "measure_again" (take a second), "" (all is well).
 */
export interface Measured {
  value: string;
  again: string;
  message: "" | "measure_again" | "measure_third" | "measure_apart" | "measure_doubtful";
  z: Record<Name, { z: number | null; band: string | null; doubtful: boolean }>;
}
export type Kind = "weight" | "height";
export type Assess = (plan: DevicePlan, answers: Answers, told: Told) => Assessment;
export type AlertsOf = (plan: DevicePlan, result: Assessment, language: string) => TrueAlert[];
export type MeasuredTwice = (
  plan: DevicePlan, kind: Kind, first: string, second?: string, third?: string, told?: Told, answers?: Answers,
) => Measured;

// -- inside

type Loose = Record<string, any>;
export type Row = [Name, ...any[]];
export type Facts = Loose;
export type Table = <R extends Row, V>(rows: R[], about: (row: R) => V) => Record<string, any>;
export type Given = (plan: DevicePlan, answers: Answers, told: Told) => Values;
export type Flat = (plan: DevicePlan, given: Values) => Loose;
export type Judge = (plan: DevicePlan, given: Values) => Assessment;
export type Column = (prefix: string) => (row: Row) => any;
export type WhyNot = (name: Name, of: number, norms: Norm[]) => string;
export type Lifted = (constant: any) => any;
export type Logic = (decides: boolean) => (...values: Value[]) => Value;
export type Known = (values: Value[]) => any[];
export type Operator = (...args: any[]) => Value;
export type OutputsOf = (plan: DevicePlan, inputs: Value[]) => Value[];
export type Numbers = (column: Packed, count: number) => number[];
export type LmsAt = (table: Growth, sex: any, days: any, months: any) => number[] | null;
export type GrowthScore = (table: Growth, sex: any, days: any, months: any, value: any) => number | null;
export type Divided = (a: number, b: number) => number;
export type ZScore = (value: number, lms: number[], extend: number) => number;
export type Fixed = (x: number) => bigint;
export type Exponential = (x: bigint) => bigint;
export type Whether = (x: number) => boolean;
export type Days = (text: string) => number | null;
export type Shaped = (text: string, shape: RegExp) => number | null;
export type Read = (question: Input, raw: string) => number | string | null;
