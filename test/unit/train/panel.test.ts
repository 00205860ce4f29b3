/** The live panel: one display, rewritten in place, that says how the training goes and how it ended. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { installHost, type MimeBundle } from "../../../src/core/host";
import { type FitOptions, fit } from "../../../src/train";
import { type PanelState, panelHtml, panelText } from "../../../src/train/panel";
import { TOY_ENCODER, TOY_SIZE, type ToyTask, toyCohort } from "./toy-cohort";

const QUICK: FitOptions<ToyTask> = {
  preset: "notebook",
  encoder: TOY_ENCODER,
  imageSize: TOY_SIZE,
  fusionWidth: 16,
  epochs: 3,
  batch: 4,
  augment: "none",
  device: "cpu",
};

let displays: MimeBundle[][];
let restore: () => void;
beforeEach(() => {
  displays = [];
  restore = installHost({
    display: (bundle) => {
      const states = [bundle];
      displays.push(states);
      return { update: (next) => void states.push(next) };
    },
    signal: () => undefined,
    warn: () => {},
  });
});
afterEach(() => restore());

const panels = () => displays.filter(([first]) => "text/html" in first!);
const lastText = () => String(panels().at(-1)!.at(-1)!["text/plain"]);
const lastHtml = () => String(panels().at(-1)!.at(-1)!["text/html"]);

describe("in a notebook", () => {
  test("one display is rewritten; what stays says how it ended, in HTML without script and in words", async () => {
    const cohort = toyCohort();
    const notice = "phantom cohort, not patient data";
    await fit({ ...cohort, provenance: { ...cohort.provenance, notice } }, QUICK);
    expect(panels()).toHaveLength(1);
    expect(panels()[0]!.length).toBeGreaterThanOrEqual(5); // begin, three epochs, end
    expect(lastText()).toMatch(
      /^SIGN, COIN · concat · ViT 16 x 2: finished, 3 epochs in \d+ s · epoch 3 of 3/,
    );
    expect(lastText()).toMatch(/throughput .* patients\/s .* · device cpu/);
    expect(lastText()).toMatch(/train loss[\s\S]*AUC SIGN[\s\S]*AUC COIN/);
    expect(lastText()).not.toContain("time left");
    expect(lastHtml()).toContain("Phantom cohort, not patient data");
    expect(lastHtml()).toMatch(/<svg [\s\S]*validation AUC[\s\S]*best epoch/);
    expect(lastHtml()).not.toMatch(/<script|NaN|undefined|Infinity/);
    expect(panels()[0]!.some((state) => String(state["text/plain"]).includes("time left"))).toBe(true);
  });

  test("a stopped run and one that fails say so", async () => {
    const controller = new AbortController();
    const stop = { signal: controller.signal, onEpoch: () => controller.abort() };
    await expect(fit(toyCohort(), { ...QUICK, ...stop })).rejects.toThrow(/stopped/);
    expect(lastText()).toMatch(/: stopped, on request/);

    const rate = { encoder: 1e38, rest: 1e38 };
    await expect(
      fit(toyCohort(), { ...QUICK, clipNorm: false, warmup: 0, learningRate: rate }),
    ).rejects.toThrow();
    expect(lastText()).toMatch(/: failed, .*at step \d+/);
    expect(lastHtml()).not.toMatch(/>NaN</);
  });

  test("early stopping is told with its reason", async () => {
    const still = { learningRate: { encoder: 0, rest: 0 }, earlyStopping: { patience: 1 } };
    await fit(toyCohort(), { ...QUICK, tasks: "SIGN", ...still });
    expect(lastText()).toMatch(/2 epochs in \d+ s, stopped early: no progress for 1 epoch\b/);
  });

  test("panel: false leaves a line of progress", async () => {
    await fit(toyCohort(), { ...QUICK, epochs: 1, panel: false });
    expect(panels()).toHaveLength(0);
    expect(displays.flat().some((bundle) => String(bundle["text/plain"]).startsWith("trained SIGN"))).toBe(
      true,
    );
  });
});

describe("the panel itself", () => {
  const state: PanelState = {
    title: "<b>A</b> & B",
    status: "running",
    note: "",
    epochs: 4,
    done: 0,
    loss: undefined,
    secondsLeft: undefined,
    patientsPerSecond: undefined,
    imagesPerPatient: 6,
    device: "cpu",
    history: [],
    best: undefined,
    notice: undefined,
  };

  test("before the first epoch shows no numbers it does not have", () => {
    expect(panelText(state)).toBe("<b>A</b> & B: training · epoch 0 of 4 · device cpu");
    expect(panelHtml(state)).not.toMatch(/NaN|undefined|Infinity/);
  });

  test("names of a person are shown as they are", () => {
    expect(panelHtml(state)).toContain("&lt;b&gt;A&lt;/b&gt; &amp; B");
  });

  test("gaps and flat lines are drawn without NaN", () => {
    const record = (epoch: number, auc: number | undefined) => ({
      epoch,
      trainLoss: 0.5,
      validLoss: 0.5,
      validAuc: { A: auc },
      learningRate: 1,
      encoderLearningRate: 1,
      seconds: 1,
    });
    const history = [record(1, 0.5), record(2, undefined), record(3, 0.5)];
    const html = panelHtml({ ...state, history, best: history[0] });
    expect(html).not.toMatch(/NaN|Infinity/);
    expect(html).toContain("best validation AUC");
  });
});
