/** Which devices there are, which of them work, and which one `auto` takes. */
import { execFile } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import os from "node:os";
import { OsccError, unknownName } from "../core/errors";
import { nativeBackends, type OptionalBackend } from "./backends";
import { cudaProvider } from "./cuda";
import type { ProbeResult } from "./probe";
import type { Device } from "./program";
import { compiledFile, computeThreads } from "./runner";

/** One line of a report on what this machine can compute with. */
export interface DeviceReport {
  readonly name: string;
  readonly available: boolean;
  /** What it is, or why it is not available, in one sentence. */
  readonly detail: string;
  /** What to do to have it. */
  readonly fix?: string;
}

/** The device that was chosen, and one line on why this one and not the others. */
export interface DeviceChoice {
  readonly device: Device;
  readonly explanation: string;
}

const DEVICES = ["auto", "cpu", "webgpu", "cuda", "eager"] as const;

/** A graphics driver gets this long for the self-test before it counts as hanging. */
const PROBE_TIMEOUT_MS = 60_000;

/** A device that is not at least so many times faster than the processor is no GPU, or not worth the way. */
const WORTHWHILE = 2;

/**
 * Decide where to compute.
 *
 * @param wanted  `auto` (default) takes CUDA, else WebGPU, else the processor: the first that is there and passes a
 *                self-test, and is faster than the processor (a software GPU never is). Any other is taken as it is.
 * @throws DeviceUnavailable  when the device that was asked for does not work here, with the reason
 */
export async function selectDevice(wanted: Device | "auto" = "auto"): Promise<DeviceChoice> {
  if (!DEVICES.includes(wanted)) throw unknownName("device", wanted, DEVICES);
  if (wanted === "cpu" || wanted === "eager")
    return { device: wanted, explanation: `${wanted}, as asked for` };
  if (wanted !== "auto") {
    const trial = await tryDevice(wanted);
    if (trial.works) return { device: wanted, explanation: `${wanted}, as asked for` };
    throw new OsccError(
      "DeviceUnavailable",
      [
        `the device ${wanted} cannot be used here: ${trial.detail}.`,
        ...(trial.fix ? [trial.fix] : []),
        'Use device "cpu", or "auto" for the best that works.',
      ],
      { device: wanted, reasons: [trial.detail] },
    );
  }
  const rejected: string[] = [];
  for (const device of ["cuda", "webgpu"] as const) {
    const trial = await tryDevice(device);
    if (trial.works && trial.speedup >= WORTHWHILE)
      return { device, explanation: `${device}: ${trial.detail}${because(rejected)}` };
    rejected.push(`${device}: ${trial.detail}`);
  }
  return { device: "cpu", explanation: `cpu: ${processor()}${because(rejected)}` };
}

/**
 * Everything that this machine could compute with, for `oscc-lab doctor`.
 * Tries each device in a process of its own, so it takes a few seconds where there is a GPU.
 */
export async function describeDevices(): Promise<DeviceReport[]> {
  const [webgpu, cuda] = await Promise.all([tryDevice("webgpu"), tryDevice("cuda")]);
  return [
    { name: "cpu", available: true, detail: processor() },
    report("webgpu", webgpu),
    report("cuda", cuda),
    ...nativeBackends().map(reportBackend),
  ];
}

interface Trial {
  readonly works: boolean;
  /** How many times as fast as the processor. */
  readonly speedup: number;
  readonly detail: string;
  readonly fix?: string;
}

const trials = new Map<string, Promise<Trial>>();

/** Try a device once per process. */
function tryDevice(device: "webgpu" | "cuda"): Promise<Trial> {
  const known = trials.get(device) ?? (device === "cuda" ? tryCuda() : tryWebGpu());
  trials.set(device, known);
  return known;
}

async function tryWebGpu(): Promise<Trial> {
  if (!mayHaveGpu())
    return failed(
      "no graphics device on this machine",
      "Needs a GPU with a Vulkan, Metal or Direct3D 12 driver.",
    );
  const trial = await selfTest("webgpu");
  return trial.works || trial.fix
    ? trial
    : { ...trial, fix: "Install the GPU's driver with Vulkan support (vulkaninfo should list it)." };
}

async function tryCuda(): Promise<Trial> {
  if (process.platform === "darwin") return failed("not on macOS; WebGPU uses the GPU there");
  if (!existsSync(cudaProvider()))
    return failed(
      "the CUDA part of ONNX Runtime is not installed",
      "Needs CUDA 12 and  npx oscc-lab doctor --install-cuda  (Linux on x64; some 400 MB from NuGet).",
    );
  return selfTest("cuda");
}

/** On Linux a GPU shows as a device file; a Vulkan driver that was named by hand counts as well. */
function mayHaveGpu(): boolean {
  if (process.platform !== "linux") return true;
  if (process.env.VK_DRIVER_FILES || process.env.VK_ICD_FILENAMES) return true;
  const files = (folder: string) => (existsSync(folder) ? readdirSync(folder) : []);
  return (
    files("/dev/dri").some((file) => file.startsWith("render")) ||
    files("/dev").some((file) => /^(nvidia\d|dxg)/.test(file))
  );
}

function selfTest(device: "webgpu" | "cuda"): Promise<Trial> {
  return new Promise((resolve) => {
    const file = compiledFile("probe");
    execFile(
      process.execPath,
      [file, device],
      { timeout: PROBE_TIMEOUT_MS, killSignal: "SIGKILL" },
      (error, stdout) => {
        const result = lastJsonLine(stdout);
        if (result?.works) {
          const speedup = result.cpuMilliseconds / Math.max(result.milliseconds, 0.01);
          resolve({
            works: true,
            speedup,
            detail: `self-test passed, ${comparison(speedup)}`,
          });
        } else if (result) resolve(failed(firstReason(result.error ?? "self-test failed")));
        else if (error?.killed)
          resolve(failed(`its driver did not answer within ${PROBE_TIMEOUT_MS / 1000} s`));
        else
          resolve(failed(`its driver crashed in the self-test (${error?.signal ?? `code ${error?.code}`})`));
      },
    );
  });
}

function comparison(speedup: number): string {
  if (speedup < 1) return "but slower than the processor, as a software GPU is";
  return `${speedup < WORTHWHILE ? "but only " : ""}${speedup.toFixed(1)} times as fast as the processor`;
}

function lastJsonLine(text: string): ProbeResult | undefined {
  const line = text.split("\n").findLast((candidate) => candidate.startsWith("{"));
  return line === undefined ? undefined : (JSON.parse(line) as ProbeResult);
}

/** The end of the runtime's message: what failed, without the place in its source. */
function firstReason(message: string): string {
  const line = message.split("\n")[0]!.trim();
  const told = /(?:was false\.|FAIL :)\s*(.+)$/.exec(line)?.[1] ?? line;
  return told.replace(/\.+$/, "").slice(0, 200);
}

function failed(detail: string, fix?: string): Trial {
  return { works: false, speedup: 0, detail, ...(fix ? { fix } : {}) };
}

function report(name: string, { works, detail, fix }: Trial): DeviceReport {
  return { name, available: works, detail, ...(fix && !works ? { fix } : {}) };
}

function reportBackend({ packageName, loaded, detail }: OptionalBackend): DeviceReport {
  const fix = `Optional, for device "eager" only: npm install ${packageName} (needs Node below 23).`;
  return { name: packageName, available: loaded, detail, ...(loaded ? {} : { fix }) };
}

function processor(): string {
  const model = os.cpus()[0]?.model.trim();
  const threads = computeThreads();
  return `${model || "processor"}, ${threads} ${threads === 1 ? "thread" : "threads"}`;
}

function because(rejected: readonly string[]): string {
  return rejected.length > 0 ? ` (${rejected.join("; ")})` : "";
}
