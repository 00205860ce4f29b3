/**
 * The live panel of a training: one display that is rewritten in place, as HTML with drawn curves and as text.
 *
 * It holds no script and asks for nothing: what was shown last is in the notebook and is there after a reload. Colours
 * are the notebook's own where it names them, so it fits a light and a dark page.
 */
import { type DisplayHandle, host } from "../core/host";
import { duration } from "../core/progress";
import { curveText, type EpochRecord } from "./history";
import { chart, escapeHtml, LINE_COLOURS } from "./panel-chart";

/** What the panel tells. */
export interface PanelState {
  /** Tasks, fusion, encoder, depth of training. */
  readonly title: string;
  readonly status: "running" | "finished" | "stopped" | "failed";
  /** A sentence on the status. */
  readonly note: string;
  /** Epochs planned, and the share of all passes that is done, in [0, 1]. */
  readonly epochs: number;
  readonly done: number;
  /** Of the latest batch. */
  readonly loss: number | undefined;
  readonly secondsLeft: number | undefined;
  readonly patientsPerSecond: number | undefined;
  readonly imagesPerPatient: number;
  readonly device: string;
  readonly history: readonly EpochRecord[];
  readonly best: EpochRecord | undefined;
  /** What every picture made from these data must say: that they are synthetic. */
  readonly notice: string | undefined;
}

/** The notebook's own colours, with those of a light page where it names none. */
const INK = "var(--jp-ui-font-color1, var(--vscode-editor-foreground, #1f2933))";
const MUTED = "var(--jp-ui-font-color2, var(--vscode-descriptionForeground, #5b6673))";
const PAPER = "var(--jp-layout-color1, var(--vscode-editor-background, #ffffff))";
const EDGE = "var(--jp-border-color2, var(--vscode-panel-border, #d5dbe1))";
const TRACK = "var(--jp-layout-color3, var(--vscode-panel-border, #e4e8ec))";

/** The notice must be read on white and on black: where the browser can, the orange moves towards the page's own ink. */
const NOTICE = `color:#c2571a;color:color-mix(in srgb, #c2571a 62%, ${INK})`;

/** Colours of bar and border; the word itself is in the page's ink, because no colour can be read on white and on black. */
const STATUS = {
  running: { word: "training", colour: LINE_COLOURS[0] },
  finished: { word: "finished", colour: "#2a9d6f" },
  stopped: { word: "stopped", colour: "#b7791f" },
  failed: { word: "failed", colour: "#d64545" },
} as const;

/** The panel as HTML. */
export function panelHtml(state: PanelState): string {
  const { word, colour } = STATUS[state.status];
  const { history, best, epochs } = state;
  const bar = `<div style="height:5px;border-radius:3px;background:${TRACK};overflow:hidden;margin:8px 0 10px"><div style="height:5px;width:${(100 * state.done).toFixed(1)}%;background:${colour}"></div></div>`;
  const facts = panelFacts(state)
    .map(
      ([name, value]) =>
        `<div style="min-width:92px"><div style="font-size:11px;color:${MUTED}">${name}</div><div style="font-size:13px;font-variant-numeric:tabular-nums">${escapeHtml(value)}</div></div>`,
    )
    .join("");
  const charts = [
    chart({ title: "loss", epochs, series: lossSeries(history), mark: best?.epoch }),
    ...(hasAuc(history)
      ? [
          chart({
            title: "validation AUC",
            epochs,
            series: aucSeries(history),
            mark: best?.epoch,
            range: [0.5, 1],
          }),
        ]
      : []),
  ].join("");
  return `<div role="img" aria-label="${escapeHtml(panelText(state)).replace(/"/g, "&quot;")}" style="max-width:740px;border:1px solid ${EDGE};border-radius:8px;padding:12px 16px;background:${PAPER};color:${INK};font-family:var(--jp-ui-font-family, system-ui, sans-serif)">
<div style="display:flex;flex-wrap:wrap;gap:10px;align-items:baseline"><span style="font-weight:600;font-size:14px">${escapeHtml(state.title)}</span><span style="font-size:11px;font-weight:600;border:1px solid ${colour};border-radius:9px;padding:0 7px">${word}</span><span style="font-size:12px;color:${MUTED}">${escapeHtml(state.note)}</span></div>
${bar}<div style="display:flex;flex-wrap:wrap;gap:8px 20px;margin-bottom:6px">${facts}</div>
<div style="display:flex;flex-wrap:wrap;gap:4px 16px">${charts}</div>${noticeLine(state.notice)}</div>`;
}

function noticeLine(notice: string | undefined): string {
  if (!notice) return "";
  return `<div style="font-size:11px;font-weight:600;${NOTICE};margin-top:4px">${escapeHtml(sentenceOf(notice))}</div>`;
}

const sentenceOf = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

/** The panel in words, for terminals, exports and readers who do not see it. */
export function panelText(state: PanelState): string {
  const facts = panelFacts(state).map(([name, value]) => `${name} ${value}`);
  return `${state.title}: ${STATUS[state.status].word}${state.note ? `, ${state.note}` : ""} · ${facts.join(" · ")}${state.notice ? ` · ${state.notice}` : ""}`;
}

/** Names and values of the numbers in the panel; what is not known yet is left out. */
function panelFacts(state: PanelState): [name: string, value: string][] {
  const { history, best, epochs, loss, secondsLeft, patientsPerSecond, imagesPerPatient, device } = state;
  const facts: [string, string | undefined][] = [
    ["epoch", `${history.length} of ${epochs}`],
    ["loss", loss?.toFixed(3)],
    ["best validation AUC", bestAuc(best)],
    [
      "throughput",
      patientsPerSecond === undefined ? undefined : throughput(patientsPerSecond, imagesPerPatient),
    ],
    ["time left", secondsLeft === undefined ? undefined : duration(1000 * secondsLeft)],
    ["device", device],
    ["task weights", taskWeights(history.at(-1))],
  ];
  return facts.filter((fact): fact is [string, string] => fact[1] !== undefined);
}

function throughput(patients: number, images: number): string {
  const digits = patients < 10 ? 1 : 0;
  return `${patients.toFixed(digits)} patients/s (${(patients * images).toFixed(digits)} images/s)`;
}

function bestAuc(best: EpochRecord | undefined): string | undefined {
  const known = Object.entries(best?.validAuc ?? {}).flatMap(([task, auc]) =>
    auc === undefined ? [] : [`${task} ${auc.toFixed(3)}`],
  );
  return known.length > 0 ? `${known.join(", ")} (epoch ${best!.epoch})` : undefined;
}

function taskWeights(record: EpochRecord | undefined): string | undefined {
  const tasks = Object.entries(record?.byTask ?? {});
  const last = tasks.map(([task, { weights }]) => [task, weights.at(-1) ?? 1] as const);
  if (last.every(([, weight]) => weight === 1)) return undefined;
  return last.map(([task, weight]) => `${task} ${weight.toFixed(2)}`).join(", ");
}

const hasAuc = (history: readonly EpochRecord[]) => aucSeries(history).length > 0;

function lossSeries(history: readonly EpochRecord[]) {
  return [
    { name: "training", values: history.map(({ trainLoss }) => trainLoss) },
    { name: "validation", values: history.map(({ validLoss }) => validLoss) },
  ].filter(({ values }) => values.some((value) => value !== undefined));
}

function aucSeries(history: readonly EpochRecord[]) {
  const tasks = Object.keys(history[0]?.validAuc ?? {});
  return tasks
    .map((name) => ({ name, values: history.map(({ validAuc }) => validAuc?.[name]) }))
    .filter(({ values }) => values.some((value) => value !== undefined));
}

/** A panel on the screen. */
export class Panel {
  private readonly shown: DisplayHandle;

  constructor(state: PanelState) {
    this.shown = host().display(bundleOf(state));
  }

  show(state: PanelState): void {
    this.shown.update(bundleOf(state));
  }
}

function bundleOf(state: PanelState) {
  const curves = curveText(state.history);
  return {
    "text/html": panelHtml(state),
    "text/plain": curves ? `${panelText(state)}\n${curves}` : panelText(state),
  };
}
