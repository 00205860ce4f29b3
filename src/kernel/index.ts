/** The kernel's public names: talking to the notebook from a cell, and driving a kernel from Node. */
export {
  type CellOutput,
  type CellResult,
  type ExecuteOptions,
  KernelClient,
  type StartOptions,
  startKernel,
} from "./client";
export {
  type CellProgress,
  type ExecutedNotebook,
  type ExecuteNotebookOptions,
  executeNotebook,
  type FailedCell,
  type Notebook,
  readNotebook,
  writeNotebook,
} from "./notebook";
export {
  type Comm,
  type CommHandler,
  type CommMessage,
  clearOutput,
  display,
  input,
  onComm,
  openComm,
} from "./notebook-api";
export * as widget from "./widgets";
