/** What was opened in the notebook, for the panel beside it: lists, thumbnails, and the cell that shows an entry. */
import { type Browsable, onOpened, openedThings } from "../core/browsable";
import type { Comm } from "./comms";
import type { NotebookApi } from "./notebook-api";
import type { Json } from "./wire";

/** The front end opens a comm of this name. */
export const BROWSER_TARGET = "oscc-lab.browser";

/** Entries in one answer. */
const PAGE = 24;

/**
 * Answer panels.
 *
 * @param nameOf the variable of a cell that holds this object, if there is one
 */
export function serveBrowserPanels(
  comms: Pick<NotebookApi, "onComm">,
  nameOf: (value: object) => string | undefined,
): void {
  comms.onComm(BROWSER_TARGET, (comm) => {
    const list = () =>
      comm.send({ opened: openedThings().map(({ name, notice = "" }) => ({ name, notice })) });
    comm.onClose(onOpened(list));
    comm.onMessage(({ data }) => answer(comm, data, nameOf));
    list();
  });
}

async function answer(comm: Comm, data: Json, nameOf: (value: object) => string | undefined): Promise<void> {
  const opened = openedThings()[Number(data.index)];
  if (!opened) return;
  if (typeof data.search === "string") comm.send({ found: await found(opened, data) });
  if (typeof data.insert === "string") comm.send({ code: codeFor(opened, data.insert, nameOf) });
}

/** One page of the entries whose id or note has the searched words. */
async function found(opened: Browsable, { search, from, request }: Json): Promise<Json> {
  const words = termsOf(String(search).toLowerCase());
  const all = opened.items.filter(({ id, note }) => {
    const text = `${id} ${note}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const start = Math.max(0, Number(from) || 0);
  const items = await Promise.all(
    all.slice(start, start + PAGE).map(async ({ id, note, thumbnail }) => {
      // A picture that cannot be read is no reason to list nothing.
      const jpeg = await thumbnail().catch(() => undefined);
      return { id, note, jpeg: jpeg ? Buffer.from(jpeg).toString("base64") : null };
    }),
  );
  return { request, from: start, total: all.length, items };
}

/** Words; one that is followed by a number goes with it: `train td 2` asks for `train` and `td 2`. */
function termsOf(search: string): string[] {
  return (search.match(/[^\s\d]\S*\s+\d+\b|\S+/g) ?? []).map((term) => term.replace(/\s+/, " "));
}

function codeFor(opened: Browsable, id: string, nameOf: (value: object) => string | undefined): string {
  const name = nameOf(opened.source);
  const imports = 'import { openCohort, plot } from "oscc-lab";\n';
  const own = `${imports}const cohort = ${opened.openingCode};\n${opened.code(id, "cohort")}`;
  return name === undefined ? own : `import { plot } from "oscc-lab";\n${opened.code(id, name)}`;
}
