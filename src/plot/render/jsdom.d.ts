/** The little of jsdom that is used here; its own types need the DOM library, which cells do not have. */
declare module "jsdom" {
  export class JSDOM {
    constructor(html: string);
    readonly window: JsdomWindow;
  }
  export interface JsdomWindow {
    readonly document: JsdomDocument;
    readonly location: object;
    readonly Element: { readonly prototype: object };
    readonly HTMLElement: unknown;
    readonly DOMParser: unknown;
    readonly XMLSerializer: unknown;
  }
  export interface JsdomDocument {
    readonly body: { appendChild(child: JsdomElement): void; innerHTML: string };
    createElement(tag: string): JsdomElement;
    querySelectorAll(selector: string): Iterable<JsdomElement>;
  }
  export interface JsdomElement {
    readonly style: Record<string, string>;
    readonly textContent: string;
    getAttribute(name: string): string | null;
    remove(): void;
  }
}
