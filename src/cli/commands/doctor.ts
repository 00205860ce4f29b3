/** `oscc-lab doctor`: what is in order here, what is not, and the exact fix. */

import { command } from "../command";
import { examine } from "../doctor/examine";
import type { Finding } from "../doctor/finding";
import { type Colour, paint } from "../terminal";

export const doctor = command({
  name: "doctor",
  summary: "check this installation and say how to put right what is not in order",
  options: {
    json: { type: "boolean", help: "print findings as JSON" },
    "install-cuda": { type: "boolean", help: "first fetch the CUDA part of ONNX Runtime (Linux on x64)" },
  },
  details: "Exits 1 if something is marked FAIL; a WARN is something that may not be needed.",
  async run({ values }) {
    if (values["install-cuda"]) {
      const { installCuda } = await import("../../engine/index.js");
      process.stdout.write(`CUDA part: ${await installCuda()}\n`);
    }
    const findings = await examine();
    process.stdout.write(values.json ? `${JSON.stringify(findings, null, 2)}\n` : report(findings));
    return findings.some((finding) => finding.state === "FAIL") ? 1 : 0;
  },
});

const COLOURS: Readonly<Record<Finding["state"], Colour>> = { PASS: "green", WARN: "yellow", FAIL: "red" };

/** One line for each finding, its fix under it, and a count. */
export function report(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map((finding) => finding.what.length));
  const lines = findings.flatMap(({ state, what, found, fix }) => [
    `${paint(COLOURS[state], state)}  ${what.padEnd(width)}  ${found}`,
    ...(fix ? [`      ${" ".repeat(width)}  ${paint("dim", "fix:")} ${fix}`] : []),
  ]);
  const count = (state: Finding["state"]) => findings.filter((finding) => finding.state === state).length;
  return `${lines.join("\n")}\n\n${count("PASS")} PASS, ${count("WARN")} WARN, ${count("FAIL")} FAIL\n`;
}
