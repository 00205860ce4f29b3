/** Controls in a notebook: typed values, linked to what is computed from them. */
export { AnyWidget, type AnyWidgetOptions, any } from "./any";
export { Button, button, Checkbox, checkbox } from "./button";
export { FilePicker, type FilePickerOptions, file } from "./file";
export { type ImageField, ImageViewer, image, type ViewableImage } from "./image";
export { type CustomMessageListener, JupyterWidget, type JupyterWidgetOptions, jupyter } from "./jupyter";
export { Live, live, type ValuesOf } from "./live";
export { Select, type SelectOptions, select } from "./select";
export { Range, range, Slider, type SliderOptions, slider } from "./slider";
export { Table, table } from "./table";
export { type ToldEpoch, TrainingPanel, type TrainingState, training } from "./training";
export { Widget, type WidgetListener, type WidgetOptions, type WidgetState } from "./widget";
