/** The CUDA part of ONNX Runtime: not in its package, fetched on demand by the package's own script. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { OsccError } from "../core/errors";

const PACKAGE = path.dirname(require.resolve("onnxruntime-node/package.json"));

/** The name of the part in the package's script, which offers it for Linux on x64 only. */
const PART = "cuda12";

/** The shared library that lets ONNX Runtime use CUDA. */
export function cudaProvider(): string {
  const library =
    process.platform === "win32" ? "onnxruntime_providers_cuda.dll" : "libonnxruntime_providers_cuda.so";
  return path.join(PACKAGE, "bin", "napi-v6", process.platform, process.arch, library);
}

/** What a run of the script came to. */
export interface ScriptResult {
  readonly code: number | null;
  readonly output: string;
}

/**
 * Fetch the CUDA part of ONNX Runtime (some 400 MB, from NuGet) and put it into the package.
 *
 * @param run  runs the package's script; another one in tests
 * @returns    where the library lies
 * @throws DeviceUnavailable  when there is none for this platform, the host is out of reach, or it cannot be written
 */
export async function installCuda(run: () => Promise<ScriptResult> = runScript): Promise<string> {
  if (process.platform !== "linux" || process.arch !== "x64")
    throw unavailable(
      `there is no CUDA part for ${process.platform} on ${process.arch}`,
      'It exists for Linux on x64. Elsewhere device "webgpu" uses the GPU without it.',
    );
  if (existsSync(cudaProvider())) return cudaProvider();
  const { code, output } = await run();
  if (code !== 0) throw failure(output);
  if (!existsSync(cudaProvider()))
    throw unavailable(
      "the script ended well, but the CUDA part is not where it belongs",
      "Install the packages again (npm ci), then try once more.",
    );
  return cudaProvider();
}

function runScript(): Promise<ScriptResult> {
  return new Promise((resolve, reject) => {
    const script = path.join(PACKAGE, "script", "install.js");
    // The variable wins over the line that this project's .npmrc has for `npm ci`.
    const env = { ...process.env, ONNXRUNTIME_NODE_INSTALL: PART };
    const child = spawn(process.execPath, [script], { env, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (text: Buffer) => {
        output += text;
      });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, output }));
  });
}

/** What the script printed, as an error to act on. */
function failure(output: string): OsccError {
  const unreachable = /(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|CERT_\w+)/.exec(
    output,
  )?.[1];
  const host = /hostname: '([^']+)'/.exec(output)?.[1] ?? "api.nuget.org";
  if (unreachable)
    return unavailable(
      `its CUDA part could not be fetched: ${host} is out of reach (${unreachable})`,
      "Needs the internet; behind a proxy, set GLOBAL_AGENT_HTTPS_PROXY. Device webgpu needs no download.",
    );
  if (/EACCES|EPERM|EROFS/.test(output))
    return unavailable(
      `its CUDA part cannot be written to ${PACKAGE}`,
      "Run the command as the user who installed the packages.",
    );
  const reason = output.split("\n").find((line) => /Error/.test(line)) ?? "the script gave no reason";
  return unavailable(
    `its CUDA part could not be installed: ${reason.trim()}`,
    "Device webgpu needs no download.",
  );
}

function unavailable(reason: string, next: string): OsccError<"DeviceUnavailable"> {
  return new OsccError("DeviceUnavailable", [`ONNX Runtime: ${reason}.`, next], {
    device: "cuda",
    reasons: [reason],
  });
}
