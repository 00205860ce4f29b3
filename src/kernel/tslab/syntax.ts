/** Questions about the syntax of a cell that need no types. */
import type { DeclaredName } from "../interpreter";
import type { TypeScript } from "./typescript";

type Ts = typeof TypeScript;

/** Flags of `const`, `using` and `await using`, which TypeScript 5.0 does not name yet. */
const CONST = 2;
const USING = 4;
const AWAIT_USING = CONST | USING;

/** Parse a cell as the body of a module, where `await` is a keyword. */
export function parseCell(ts: Ts, code: string): TypeScript.SourceFile {
  const source = ts.createSourceFile("cell.ts", `export {};${code}`, ts.ScriptTarget.ESNext, true);
  return source;
}

/** Whether a cell awaits at top level; `await (expression)` and `for await` count too. */
export function awaitsAtTopLevel(ts: Ts, source: TypeScript.SourceFile): boolean {
  const visit = (node: TypeScript.Node): boolean => {
    if (ts.isFunctionLike(node) || ts.isClassStaticBlockDeclaration(node)) return false;
    if (ts.isAwaitExpression(node)) return true;
    if (ts.isForOfStatement(node) && node.awaitModifier) return true;
    if (ts.isVariableDeclarationList(node) && (node.flags & AWAIT_USING) === AWAIT_USING) return true;
    return ts.forEachChild(node, visit) ?? false;
  };
  return ts.forEachChild(source, visit) ?? false;
}

/** The values that a cell declares at top level, without its imports. */
export function declaredNames(ts: Ts, source: TypeScript.SourceFile): DeclaredName[] {
  const names = new Map<string, DeclaredName>();
  const add = (name: string, assignable: boolean) => names.set(name, { name, assignable });
  for (const statement of source.statements) {
    if (isOnlyTypes(ts, statement)) continue;
    if (ts.isVariableStatement(statement)) {
      const assignable = !(statement.declarationList.flags & AWAIT_USING);
      for (const declaration of statement.declarationList.declarations)
        for (const name of boundNames(ts, declaration.name)) add(name, assignable);
    } else if (
      ts.isFunctionDeclaration(statement) ||
      ts.isClassDeclaration(statement) ||
      ts.isEnumDeclaration(statement) ||
      ts.isModuleDeclaration(statement)
    ) {
      if (statement.name) add(statement.name.text, false);
    }
  }
  for (const name of hoistedVariables(ts, source)) if (!names.has(name)) add(name, true);
  return [...names.values()];
}

/** Declarations that leave nothing at run time: `declare ...`, `const enum`, overloads without a body. */
function isOnlyTypes(ts: Ts, statement: TypeScript.Statement): boolean {
  const modifiers = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) : undefined;
  const has = (kind: TypeScript.SyntaxKind) => modifiers?.some((modifier) => modifier.kind === kind) ?? false;
  if (has(ts.SyntaxKind.DeclareKeyword)) return true;
  return ts.isEnumDeclaration(statement) && has(ts.SyntaxKind.ConstKeyword);
}

function boundNames(ts: Ts, name: TypeScript.BindingName): string[] {
  if (ts.isIdentifier(name)) return [name.text];
  return name.elements.flatMap((element) =>
    ts.isOmittedExpression(element) ? [] : boundNames(ts, element.name),
  );
}

/** A `var` in a block or loop belongs to the whole cell. */
function hoistedVariables(ts: Ts, source: TypeScript.SourceFile): string[] {
  const names: string[] = [];
  const visit = (node: TypeScript.Node): void => {
    if (ts.isFunctionLike(node) || ts.isClassLike(node) || ts.isModuleDeclaration(node)) return;
    if (ts.isVariableDeclarationList(node) && !(node.flags & ts.NodeFlags.BlockScoped))
      for (const declaration of node.declarations) names.push(...boundNames(ts, declaration.name));
    ts.forEachChild(node, visit);
  };
  for (const statement of source.statements)
    if (!ts.isVariableStatement(statement) && !isOnlyTypes(ts, statement)) visit(statement);
  return names;
}

/**
 * Take declarations of the given names out of a text of declarations, or keep nothing but them.
 *
 * @param declarations what tslab keeps of the cells so far: the text of a `.d.ts`
 */
export function filterDeclarations(
  ts: Ts,
  declarations: string,
  names: ReadonlySet<string>,
  what: "without" | "only",
): string {
  const keep = (name: string | undefined) =>
    name === undefined ? what === "without" : names.has(name) === (what === "only");
  const source = ts.createSourceFile("declarations.d.ts", declarations, ts.ScriptTarget.ESNext, true);
  const kept = source.statements.flatMap((statement) => {
    if (ts.isVariableStatement(statement)) {
      const list = statement.declarationList;
      const inside = list.declarations.filter(
        ({ name }) => boundNames(ts, name).some(keep) || boundNames(ts, name).length === 0,
      );
      if (inside.length === list.declarations.length) return [statement.getText(source)];
      if (inside.length === 0) return [];
      const kind = list.flags & ts.NodeFlags.Const ? "const" : list.flags & ts.NodeFlags.Let ? "let" : "var";
      return [`declare ${kind} ${inside.map((declaration) => declaration.getText(source)).join(", ")};`];
    }
    // Types need no value, so they stay whatever became of the cell.
    const isValue = ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement);
    return keep(isValue ? statement.name?.text : undefined) ? [statement.getText(source)] : [];
  });
  return kept.map((text) => `${text}\n`).join("");
}
