/** What can compute here, as the engine sees it. */
import type { DeviceReport } from "../../engine";
import { type Finding, fail, firstLine, pass, warn } from "./finding";

export async function checkDevices(): Promise<Finding[]> {
  try {
    const { describeDevices } = await import("../../engine/index.js");
    return (await describeDevices()).map(deviceFinding);
  } catch (error) {
    return [
      fail("devices", firstLine(error), "Put the native parts above right first; then run this again."),
    ];
  }
}

/** The processor must work; anything faster is welcome and not needed. */
export function deviceFinding({ name, available, detail, fix }: DeviceReport): Finding {
  const what = name.startsWith("@") ? name.slice(name.indexOf("/") + 1) : `device ${name}`;
  if (available) return pass(what, detail);
  if (name === "cpu") return fail(what, detail, fix ?? "npm ci");
  return warn(what, detail, fix ?? "Optional: training runs on the processor without it.");
}
