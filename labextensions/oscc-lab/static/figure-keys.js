/**
 * Sliders and buttons of a figure for those who use no mouse.
 *
 * Plotly draws its controls as pictures, which neither Tab nor a screen reader finds. So each has a twin here, an ordinary
 * range or list, in a bar over the figure that is seen while one of them has the focus. The class makes JupyterLab
 * leave their keys alone (see `keepKeys` in widget-focus.js).
 */
const STYLE = `
.oscc-lab-widget.oscc-lab-figure-keys { position: absolute; z-index: 1; top: 4px; left: 4px; right: 4px; display: flex; flex-wrap: wrap; gap: 6px 18px; padding: 6px 10px; opacity: 0; pointer-events: none; background: var(--jp-layout-color1); border: 1px solid var(--jp-border-color1); }
.oscc-lab-widget.oscc-lab-figure-keys:focus-within { opacity: 1; pointer-events: auto; }
.oscc-lab-widget.oscc-lab-figure-keys label { display: flex; align-items: center; gap: 8px; }
.oscc-lab-widget.oscc-lab-figure-keys .oscc-lab-label { min-width: 0; }
.oscc-lab-widget.oscc-lab-figure-keys input[type="range"] { width: 140px; }
.oscc-lab-widget.oscc-lab-figure-keys output { min-width: 4em; }
`;

/**
 * A bar with a twin of each control; nothing when the figure has none.
 *
 * @param {HTMLElement} canvas what Plotly draws in
 * @param {object} plotly
 * @param {{ sliders?: object[], updatemenus?: object[] }} layout of the figure
 */
export function keyControls(canvas, plotly, { sliders = [], updatemenus = [] }) {
  if (sliders.length + updatemenus.length === 0) return undefined;
  addStyle();
  const bar = document.createElement("div");
  bar.className = "oscc-lab-widget oscc-lab-figure-keys";
  bar.setAttribute("role", "group");
  bar.setAttribute("aria-label", "Controls of the figure");

  // One change after the other: keys come faster than large pictures are drawn.
  let drawn = Promise.resolve();
  const choose = (list, index, choice, place) => {
    const { method = "restyle", args = [] } = choice;
    drawn = drawn
      .then(() => (method === "skip" ? undefined : plotly[method](canvas, ...structuredClone(args))))
      .then(() => plotly.relayout(canvas, { [`${list}[${index}].active`]: place }))
      .catch((error) => console.error(error));
  };
  const twins = [
    ...sliders.map((slider, i) => {
      const { steps = [], currentvalue } = slider;
      const name = currentvalue?.prefix?.replace(/[:\s]*$/, "") || `Slider ${i + 1}`;
      const range = control("input", { type: "range", min: 0, max: steps.length - 1, step: 1 });
      const value = document.createElement("output");
      const show = (place) => {
        range.value = place;
        value.textContent = steps[place]?.label ?? "";
        range.setAttribute("aria-valuetext", value.textContent);
      };
      range.addEventListener("input", () => {
        const place = Number(range.value);
        show(place);
        choose("sliders", i, steps[place], place);
      });
      return { list: "sliders", index: i, show, node: labelled(name, range, value) };
    }),
    ...updatemenus.map((menu, i) => {
      const { buttons = [] } = menu;
      const select = control("select", {});
      for (const { label } of buttons) select.append(new Option(label));
      select.addEventListener("input", () =>
        choose("updatemenus", i, buttons[select.selectedIndex], select.selectedIndex),
      );
      const show = (place) => {
        select.selectedIndex = place;
      };
      return { list: "updatemenus", index: i, show, node: labelled("Show", select) };
    }),
  ];
  // A mouse may have moved Plotly's own.
  const refresh = () => {
    for (const { list, index, show } of twins) show(canvas._fullLayout?.[list]?.[index]?.active ?? 0);
  };
  bar.addEventListener("focusin", refresh);
  bar.append(...twins.map(({ node }) => node));
  refresh();
  return bar;
}

function control(tag, attributes) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

function labelled(name, ...nodes) {
  const label = document.createElement("label");
  const text = document.createElement("span");
  text.className = "oscc-lab-label";
  text.textContent = name;
  label.append(text, ...nodes);
  return label;
}

function addStyle() {
  if (document.getElementById("oscc-lab-figure-keys")) return;
  const style = control("style", { id: "oscc-lab-figure-keys" });
  style.textContent = STYLE;
  document.head.append(style);
}
