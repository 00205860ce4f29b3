/**
 * Into a widget and out of it by keyboard, and whose the keys are meanwhile.
 *
 * In JupyterLab 4.4 Tab goes from widget to widget. In 4.0 it ends in the next editor, which keeps it. So there is a command
 * in all that goes from a cell to the controls in its output, and Escape goes back.
 */

const CONTROLS = ".oscc-lab-widget :is(button, input, select, [tabindex='0']):not(:disabled)";
const COMMAND = "oscc-lab:go-to-controls";

/**
 * Keys belong to the control that has the focus. From 4.1 on JupyterLab takes arrows, Enter and letters of every control but text
 * boxes for itself, and moves to another cell; the attribute, on the very node, is its word for leaving them alone. Ctrl+S and
 * Shift+Enter stay its own.
 */
function keepKeys(event) {
  if (!event.target.closest?.(".oscc-lab-widget")) return;
  const isLabs = event.ctrlKey || event.metaKey || (event.shiftKey && event.key === "Enter");
  event.target.toggleAttribute("data-lm-suppress-shortcuts", !isLabs);
}

/** Teach an application the way in and out. */
export function addFocusKeys(app, notebooks, palette) {
  // JupyterLab listens at the document: this must come before.
  window.addEventListener("keydown", keepKeys, true);
  // An open list closes first; then the event is spent.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || !event.target.closest?.(".oscc-lab-widget"))
      return;
    const content = notebooks.find((panel) => panel.node.contains(event.target))?.content;
    if (!content) return;
    content.activeCellIndex = content.widgets.findIndex((cell) => cell.node.contains(event.target));
    content.mode = "command";
    event.target.blur();
    content.activate();
  });
  app.commands.addCommand(COMMAND, {
    label: "Go to the Controls in the Output",
    execute: () => notebooks.activeCell?.node.querySelector(CONTROLS)?.focus(),
  });
  app.commands.addKeyBinding({
    command: COMMAND,
    keys: ["Accel Shift Enter"],
    selector: ".jp-Notebook",
  });
  palette?.addItem({ command: COMMAND, category: "oscc-lab" });
}
