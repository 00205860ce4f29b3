import { execFile } from "node:child_process";
import { existsSync, mkdtempSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { isOsccError } from "../../../src/core/errors";
import { compile, describeDevices, filledTensor, selectDevice, tf } from "../../../src/engine";

/** Chromium's software Vulkan device: the way to test WebGPU on a machine without a GPU. */
const CHROMIUM = "/usr/lib/chromium";
const SOFTWARE_DRIVER = path.join(CHROMIUM, "vk_swiftshader_icd.json");
const softwareVulkan = existsSync(SOFTWARE_DRIVER) && existsSync(path.join(CHROMIUM, "libvulkan.so.1"));
/** A software GPU needs a few seconds on a quiet machine and a minute on a busy one, so it is asked for. */
const runsSlowTests = process.env.OSCC_SLOW_TESTS === "1";

describe("devices", () => {
  it("are described with what is there, and for what is not, why and what to do", async () => {
    const devices = await describeDevices();
    expect(devices.map((device) => device.name)).toEqual([
      "cpu",
      "webgpu",
      "cuda",
      "@tensorflow/tfjs-node-gpu",
      "@tensorflow/tfjs-node",
    ]);
    expect(devices[0]).toMatchObject({ available: true, detail: expect.stringMatching(/thread/) });
    for (const device of devices) {
      expect(device.detail.length).toBeGreaterThan(3);
      if (!device.available && device.name !== "cuda") expect(device.fix, device.name).toBeTruthy();
    }
    expect(tf.getBackend()).toBe("cpu");
  });

  it("chosen by itself come with one line that says why", async () => {
    const { device, explanation } = await selectDevice("auto");
    expect(["cpu", "webgpu", "cuda"]).toContain(device);
    expect(explanation.startsWith(`${device}: `)).toBe(true);
    expect(explanation).not.toContain("\n");
    if (device === "cpu") expect(explanation).toMatch(/cuda: .+; webgpu: /);
  });

  it("are refused by name when mistyped or not there", async () => {
    await expect(selectDevice("webgp" as "webgpu")).rejects.toThrow(/Did you mean "webgpu"/);
    const cuda = (await describeDevices()).find((device) => device.name === "cuda")!;
    if (cuda.available) return;
    const attempt = compile(
      ({ x }: Record<"x", tf.Tensor>) => ({ outputs: { x } }),
      { inputs: { x: { shape: [1] } } },
      { device: "cuda" },
    );
    await expect(attempt).rejects.toSatisfy((error) => isOsccError(error, "DeviceUnavailable"));
    await expect(selectDevice("cuda")).rejects.toThrow(/cannot be used here[\s\S]*Use device "cpu"/);
  });

  it("that are native TensorFlow.js packages are optional: eager work runs without them", async () => {
    const program = await compile(
      ({ x }: Record<"x", tf.Tensor>) => ({ outputs: { y: tf.neg(x) } }),
      { inputs: { x: { shape: [2] } } },
      { device: "eager" },
    );
    expect(Array.from((await program.run({ x: filledTensor([2], 3) })).y.data)).toEqual([-3, -3]);
    await program.dispose();
  });

  const skipped = !softwareVulkan || !runsSlowTests;

  /** What a script prints that runs on the software device. */
  async function onSoftwareDevice(script: string) {
    const { stdout } = await promisify(execFile)(process.execPath, [path.join(__dirname, script)], {
      timeout: 220_000,
      env: {
        ...process.env,
        LD_LIBRARY_PATH: CHROMIUM,
        VK_DRIVER_FILES: SOFTWARE_DRIVER,
        VK_ICD_FILENAMES: SOFTWARE_DRIVER,
        XDG_RUNTIME_DIR: mkdtempSync(path.join(os.tmpdir(), "oscc-webgpu-")),
      },
    });
    return JSON.parse(stdout.split("\n").findLast((line) => line.startsWith("{"))!);
  }

  it.skipIf(skipped)(
    "of WebGPU train a whole model as the CPU does, as one graph and as a chain, and no node falls back (needs OSCC_SLOW_TESTS=1 and Chromium's Vulkan device)",
    async () => {
      const found = await onSoftwareDevice("webgpu-step-child.cjs");
      for (const form of ["oneGraph", "chain"]) {
        expect(found[form].loss, form).toBeLessThan(1e-5);
        expect(found[form].parameters, form).toBeLessThan(1e-5);
      }
      expect(found.providersOfOneGraph).toEqual({ webgpu: expect.any(Number) });
      expect(found.providersOfChain).toEqual({ webgpu: expect.any(Number) });
      expect(found.providersOfOneGraph.webgpu).toBeGreaterThan(1000);
    },
    240_000,
  );

  it.skipIf(skipped)(
    "of WebGPU compute what the CPU does, all nodes on the device, and a software one is never chosen (needs OSCC_SLOW_TESTS=1 and Chromium's Vulkan device)",
    async () => {
      const found = await onSoftwareDevice("webgpu-child.cjs");
      expect(found.auto).toMatch(/^cpu: .*webgpu: self-test passed, but slower than the processor/);
      expect(found.providers).toEqual(["WebGpuExecutionProvider"]);
      found.webgpu.forEach((value: number, i: number) => {
        expect(Math.abs(value - found.cpu[i])).toBeLessThan(1e-5);
      });
      expect(found.steps).toEqual([3, 3]);
    },
    240_000,
  );
});
