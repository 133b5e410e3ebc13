// XLSForms as markdown (or XForms) by name in; their plans, compiled as the server does it, out.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const python = existsSync(here("../../.venv/bin/python")) ? here("../../.venv/bin/python") : "python3";

export function plansOf(forms) {
  const options = { input: JSON.stringify(forms), cwd: here("../.."), maxBuffer: 1e8, encoding: "utf8" };
  return JSON.parse(execFileSync(python, ["-m", "tests.field.plans"], options));
}
