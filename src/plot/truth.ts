/** Maps against the truth masks of phantoms: by how much they beat chance. */
import { invalidArgument } from "../core/errors";
import type { AgainstChance, TruthSummary } from "../explain";
import type { Figure } from "./figure";
import { estimatesInWords, type ForestRow, forest, intervalMethods, levelOf } from "./forest";
import type { FigureOptions } from "./options";
import { count } from "./words";

/** What is asked of a map, in the words of the figure. */
const SCORES = { pointing: "Highest patch holds the sign", energy: "Share of energy on the sign" } as const;

/**
 * The pointing game and the energy inside the planted sign, as gains over chance with intervals.
 *
 * @param summaries by name: methods, models, a model with random weights; of one sign
 * @throws InvalidArgument for no summary, or summaries of different signs
 * @example
 * const invaded = cohort.where({ split: "test", TI: "invaded" });
 * const question = { task: "TI", targetClass: "invaded" };
 * plot.truth({ "Grad-CAM++": await explain.truthOfPatients(run, invaded, question) });
 */
export function truth(
  summaries: Readonly<Record<string, TruthSummary>>,
  options: FigureOptions = {},
): Figure {
  const named = Object.entries(summaries);
  const [first] = named;
  if (!first) throw invalidArgument("summaries", "empty", "one summary or more, by name");
  const { sign } = first[1];
  const other = named.find(([, summary]) => summary.sign !== sign);
  if (other)
    throw invalidArgument("summaries", `of ${sign} and of ${other[1].sign}`, "summaries of one sign");
  const rows = (["pointing", "energy"] as const).flatMap((score) =>
    named.map(([name, summary]): ForestRow => {
      const found = summary[score];
      return {
        name,
        group: SCORES[score],
        estimate: found?.gain ?? { undefined: true, reason: "no map has a score" },
        provenance: summary.provenance,
      };
    }),
  );
  const known = named.flatMap(([, { pointing }]) => (pointing ? [pointing] : []));
  return forest(rows, {
    title: options.title ?? `Do the maps point at the planted ${sign}?`,
    subtitle: options.subtitle ?? samples(known),
    axisTitle: `Score less chance, ${levelOf(rows)} interval`,
    numbersTitle: "Gain over chance",
    reference: 0,
    referenceLabel: "chance",
    bounds: [-1, 1],
    caveats: [
      ...named.flatMap(([name, summary]) => inWords(name, summary)),
      ...intervalMethods(rows),
      ...(options.caveats ?? []),
    ],
    alt: `Forest plot of gains over chance on the sign ${sign}. ${estimatesInWords(rows)}.`,
  });
}

/** "Images that show the sign: 40 of 17 patients", or the range where they differ. */
function samples(known: readonly AgainstChance[]): string {
  const range = (values: readonly number[]) => {
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return low === high ? count(low) : `${count(low)} to ${count(high)}`;
  };
  if (known.length === 0) return "no image shows the sign";
  const patients = range(known.map(({ patients }) => patients));
  const of = patients === "1" ? "of one patient: no interval can be drawn" : `of ${patients} patients`;
  return `${range(known.map(({ images }) => images))} images that show the sign, ${of}`;
}

function inWords(name: string, { pointing, energy }: TruthSummary): string[] {
  const beside = ({ score, chance }: AgainstChance) =>
    `${score.value.toFixed(2)}, chance ${chance.toFixed(2)}`;
  if (!pointing || !energy) return [];
  return [`${name}: hits ${beside(pointing)}; energy ${beside(energy)}.`];
}
