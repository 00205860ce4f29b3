/** Fetching the CUDA part: what the package's script says, as errors to act on. */
import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { isOsccError } from "../../../src/core/errors";
import { installCuda } from "../../../src/engine";
import { cudaProvider } from "../../../src/engine/cuda";

const offered = process.platform === "linux" && process.arch === "x64" && !existsSync(cudaProvider());

/** The end of a run of the script that could not look up its host. */
const OFFLINE = `node:internal/process/promises:391
Error: getaddrinfo ENOTFOUND api.nuget.org
  code: 'ENOTFOUND',
  hostname: 'api.nuget.org'`;

describe.skipIf(!offered)("installing the CUDA part (Linux on x64, where it is not installed yet)", () => {
  it.each([
    [OFFLINE, /api\.nuget\.org is out of reach \(ENOTFOUND\)[\s\S]*webgpu needs no download/],
    ["Error: EACCES: permission denied, mkdir 'bin'", /cannot be written to .*onnxruntime-node/],
    ["Error: Invalid installation: cuda12 for platform: linux/x64", /Invalid installation: cuda12/],
    ["", /gave no reason/],
  ])("fails by name: %#", async (output, message) => {
    const attempt = installCuda(async () => ({ code: 1, output }));
    await expect(attempt).rejects.toThrow(message);
    await attempt.catch((error) => expect(isOsccError(error, "DeviceUnavailable")).toBe(true));
  });

  it("is not done while the library is missing, whatever the script says", async () => {
    await expect(installCuda(async () => ({ code: 0, output: "" }))).rejects.toThrow(/not where it belongs/);
  });
});
