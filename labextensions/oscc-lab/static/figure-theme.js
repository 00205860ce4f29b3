/**
 * Figures in the colours of the page.
 *
 * A figure of oscc-lab names the colours that it uses for the page itself (`layout.meta.roles`: ink, muted, grid, paper,
 * ...). Here those, and only those, are replaced by the colours of the reader's theme. Every other colour means something
 * (a group, a class, a value) and stays; a mark that would be lost on the new paper gets an outline.
 *
 * No document is touched: `remoteEntry.js` reads the theme and draws.
 */

/** Text needs this contrast with its ground, marks the other (WCAG 2, 1.4.3 and 1.4.11). */
const TEXT_CONTRAST = 4.5;
const MARK_CONTRAST = 3;
/** Papers that differ by less are the same paper. */
const SAME_PAPER = 1.1;

/** What is data, or a picture, or a change to come: no colour of the page is in there. */
const DATA_KEYS = new Set(["x", "y", "z", "customdata", "source", "colorscale", "args", "images", "meta"]);

/**
 * The page's colour for each role.
 *
 * @param {(variable: string) => readonly [number, number, number, number] | undefined} read a colour of the theme by the name of its CSS variable
 */
export function pageColours(read) {
  const paper = over(read("--jp-layout-color0") ?? [255, 255, 255, 1], [255, 255, 255]);
  const onPaper = (variable, otherwise) => over(read(variable) ?? otherwise, paper);
  const isDark = luminance(paper) < 0.18;
  const pole = isDark ? [255, 255, 255] : [0, 0, 0];
  const strong = [...pole, 0.87];
  const legible = (colour, least) => withContrast(colour, paper, least, pole);
  const warning = legible(
    onPaper(isDark ? "--jp-warn-color2" : "--jp-warn-color0", isDark ? [255, 183, 77, 1] : [154, 52, 18, 1]),
    TEXT_CONTRAST,
  );
  const colours = {
    ink: legible(onPaper("--jp-ui-font-color1", strong), TEXT_CONTRAST),
    muted: legible(onPaper("--jp-ui-font-color2", [...pole, 0.6]), TEXT_CONTRAST),
    faint: legible(onPaper("--jp-ui-font-color3", [...pole, 0.4]), MARK_CONTRAST),
    axisLine: legible(onPaper("--jp-ui-font-color3", [...pole, 0.45]), MARK_CONTRAST),
    grid: mix(paper, pole, 0.14),
    paper,
    surface: onPaper("--jp-layout-color1", [...pole, 0.06]),
    surfaceStrong: onPaper("--jp-layout-color2", [...pole, 0.14]),
    frameLine: onPaper("--jp-border-color1", [...pole, 0.3]),
    warningInk: warning,
    warningFill: mix(paper, warning, 0.2),
  };
  return Object.fromEntries(Object.entries(colours).map(([role, colour]) => [role, hex(colour)]));
}

/**
 * A copy of a figure in the page's colours. A figure that has no roles is left as it is; one that chooses no paper at all
 * takes the page's.
 *
 * @param {{ data?: object[], layout?: object }} figure
 * @param {Record<string, string>} page see `pageColours`
 */
export function themed({ data = [], layout = {} }, page) {
  const copy = structuredClone({ data, layout });
  const { roles } = layout.meta ?? {};
  if (!roles) return layout.paper_bgcolor ? copy : { data: copy.data, layout: onThePage(copy.layout, page) };
  if (contrast(roles.paper, page.paper) < SAME_PAPER) return copy;
  const byColour = new Map(
    Object.entries(roles).flatMap(([role, colour]) => (page[role] ? [[hex(parse(colour)), page[role]]] : [])),
  );
  return {
    data: copy.data.map((trace) => outlined(recoloured(trace, byColour), page)),
    layout: recoloured(copy.layout, byColour),
  };
}

/** A figure of somebody else's, without a paper of its own. */
function onThePage(layout, page) {
  const axes = Object.keys(layout).filter((key) => /^[xy]axis\d*$/.test(key));
  const axis = (key) => ({ gridcolor: page.grid, zerolinecolor: page.grid, ...layout[key] });
  return {
    plot_bgcolor: "rgba(0,0,0,0)",
    ...layout,
    paper_bgcolor: "rgba(0,0,0,0)",
    font: { color: page.ink, ...layout.font },
    ...Object.fromEntries([...new Set(["xaxis", "yaxis", ...axes])].map((key) => [key, axis(key)])),
  };
}

/** Every string that is a colour of the page, or holds one in a style, in the page's own. */
function recoloured(value, byColour) {
  if (typeof value === "string") return recolouredText(value, byColour);
  if (Array.isArray(value)) return value.map((item) => recoloured(item, byColour));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      DATA_KEYS.has(key) ? inner : recoloured(inner, byColour),
    ]),
  );
}

function recolouredText(text, byColour) {
  if (/^#[0-9a-f]{6}$/i.test(text)) return byColour.get(text.toLowerCase()) ?? text;
  const translucent = /^rgba\((\d+), ?(\d+), ?(\d+), ?([\d.]+)\)$/.exec(text);
  if (translucent) {
    const [red, green, blue, alpha] = translucent.slice(1).map(Number);
    const own = byColour.get(hex([red, green, blue]));
    return own ? `rgba(${parse(own).slice(0, 3).join(",")},${alpha})` : text;
  }
  if (!text.includes("color:")) return text;
  return text.replace(/(color:\s*)(#[0-9a-f]{6})/gi, (whole, before, colour) => {
    const own = byColour.get(colour.toLowerCase());
    return own ? before + own : whole;
  });
}

/** Bars and points that can hardly be told from the paper get a line around them; their own colour stays. */
function outlined(trace, page) {
  const { marker } = trace;
  if (!marker || !["bar", "scatter", "box", "violin", undefined].includes(trace.type)) return trace;
  const isPale = (colour) =>
    typeof colour === "string" && isOpaque(colour) && contrast(colour, page.paper) < MARK_CONTRAST;
  if (typeof marker.color === "string")
    return isPale(marker.color) ? { ...trace, marker: { ...marker, line: outline(page.muted) } } : trace;
  if (!Array.isArray(marker.color) || !marker.color.some(isPale)) return trace;
  const former = marker.line?.color;
  const colours = marker.color.map((colour, i) =>
    isPale(colour) ? page.muted : ((Array.isArray(former) ? former[i] : former) ?? colour),
  );
  return { ...trace, marker: { ...marker, line: outline(colours) } };
}

const outline = (color) => ({ color, width: 1 });

/**
 * What must change to get from one form of a figure to another of the same shape: a path for each value that differs.
 * Applying only this leaves everything else as the reader has set it: zoom, sliders, hidden groups.
 *
 * @returns {Record<string, unknown>} for example `{ "annotations[0].font.color": "#eee" }`
 */
export function differences(from, to, where = "") {
  if (from === to) return {};
  const isList = Array.isArray(to) && typeof to[0] === "object" && to[0] !== null;
  const isRecord = to !== null && typeof to === "object" && !Array.isArray(to);
  if (!isList && !isRecord) return JSON.stringify(from) === JSON.stringify(to) ? {} : { [where]: to };
  const found = {};
  for (const key of Object.keys({ ...from, ...to })) {
    if (DATA_KEYS.has(key)) continue;
    const path = isList ? `${where}[${key}]` : where ? `${where}.${key}` : key;
    // What is gone is taken back to Plotly's default.
    Object.assign(found, key in to ? differences(from?.[key], to[key], path) : { [path]: null });
  }
  return found;
}

// ---- colours: [red, green, blue] of 0 to 255 ----

/** The contrast of two colours, 1 to 21 (WCAG 2). */
export function contrast(a, b) {
  const [one, other] = [luminance(parse(a)), luminance(parse(b))];
  return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
}

function luminance(colour) {
  const [red, green, blue] = colour.slice(0, 3).map((channel) => {
    const share = channel / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** `#rrggbb`, `#rgb`, `rgb()` and `rgba()` as numbers. */
export function parse(text) {
  const short = /^#([0-9a-f])([0-9a-f])([0-9a-f])$/i.exec(text);
  if (short) return [...short.slice(1).map((digit) => Number.parseInt(digit + digit, 16)), 1];
  if (/^#[0-9a-f]{6}$/i.test(text))
    return [...[1, 3, 5].map((i) => Number.parseInt(text.slice(i, i + 2), 16)), 1];
  const numbers = (text.match(/[\d.]+/g) ?? []).map(Number);
  return numbers.length >= 3 ? [numbers[0], numbers[1], numbers[2], numbers[3] ?? 1] : [0, 0, 0, 1];
}

const isOpaque = (colour) => parse(colour)[3] > 0.5;

/** A translucent colour on a ground. */
function over([red, green, blue, alpha = 1], ground) {
  return [red, green, blue].map((channel, i) => channel * alpha + ground[i] * (1 - alpha));
}

const mix = (from, to, share) => from.map((channel, i) => channel * (1 - share) + to[i] * share);

/** The colour, moved towards the pole until it can be read. */
function withContrast(colour, ground, least, pole) {
  for (let share = 0; share < 1; share += 0.05) {
    const moved = mix(colour, pole, share);
    if (contrast(hex(moved), hex(ground)) >= least) return moved;
  }
  return pole;
}

function hex(colour) {
  return `#${colour
    .slice(0, 3)
    .map((channel) => Math.round(channel).toString(16).padStart(2, "0"))
    .join("")}`;
}
