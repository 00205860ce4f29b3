/**
 * Loops that can be interrupted after an `await`.
 *
 * Ctrl-C ends a cell that has not yet waited for anything. What runs after an `await` is out of its reach,
 * so each round of a loop asks first whether the cell is to stop: in asynchronous code, and in every function, which
 * may be called from there. The question costs about a nanosecond, which inner loops over pixels would feel; in synchronous
 * functions, tight loops (counted ones that call nothing and hold no other loop) stay as they are, since they end soon, and
 * whether a cell of long ago goes on in a function is asked once, when it is entered.
 */
import { STOP_CHECK, STOP_CHECK_SYNC } from "../stop-check";
import type { TypeScript } from "./typescript";

type Transformer = TypeScript.TransformerFactory<TypeScript.SourceFile>;

export function checkLoopsForStop(ts: typeof TypeScript): Transformer {
  return (context) => (file) => {
    const { factory } = context;
    const ask = (question: string) =>
      factory.createExpressionStatement(
        factory.createCallExpression(factory.createIdentifier(question), undefined, []),
      );
    const asking = (body: TypeScript.Statement, question: string): TypeScript.Statement =>
      ts.isBlock(body)
        ? ts.setTextRange(factory.createBlock([ask(question), ...body.statements], true), body)
        : factory.createBlock([ask(question), body], true);

    /** Where a cell runs only until its first `await`, Ctrl-C is enough. */
    const visitor = (code: "asynchronous" | "synchronous" | "until Ctrl-C") => {
      const visit = (node: TypeScript.Node): TypeScript.Node => {
        if (ts.isFunctionLike(node)) {
          const isAsync = isAsyncFunction(ts, node);
          const visited = ts.visitEachChild(node, visitor(isAsync ? "asynchronous" : "synchronous"), context);
          return isAsync || !hasLoop(ts, node) ? visited : askingAtFirst(visited);
        }
        const visited = ts.visitEachChild(node, visit, context);
        if (!ts.isIterationStatement(visited, false)) return visited;
        if (code === "asynchronous") return withBody(visited, STOP_CHECK);
        return code === "synchronous" && !isTight(ts, node) ? withBody(visited, STOP_CHECK_SYNC) : visited;
      };
      return visit;
    };

    const askingAtFirst = (node: TypeScript.Node): TypeScript.Node => {
      const body = (node as TypeScript.FunctionLikeDeclaration).body;
      if (!body || !ts.isBlock(body)) return node;
      const first = body.statements.findIndex((statement) => !isDirective(ts, statement));
      const place = first < 0 ? body.statements.length : first;
      const statements = body.statements.toSpliced(place, 0, ask(STOP_CHECK));
      const asked = factory.createBlock(statements, true);
      return ts.visitEachChild(
        node,
        (child) => (child === body ? ts.setTextRange(asked, body) : child),
        context,
      );
    };

    const withBody = (loop: TypeScript.IterationStatement, question: string): TypeScript.Node => {
      const body = asking(loop.statement, question);
      if (ts.isForStatement(loop))
        return factory.updateForStatement(loop, loop.initializer, loop.condition, loop.incrementor, body);
      if (ts.isForOfStatement(loop))
        return factory.updateForOfStatement(
          loop,
          loop.awaitModifier,
          loop.initializer,
          loop.expression,
          body,
        );
      if (ts.isForInStatement(loop))
        return factory.updateForInStatement(loop, loop.initializer, loop.expression, body);
      if (ts.isWhileStatement(loop)) return factory.updateWhileStatement(loop, loop.expression, body);
      return factory.updateDoStatement(
        loop as TypeScript.DoStatement,
        body,
        (loop as TypeScript.DoStatement).expression,
      );
    };

    const isAsync = awaitsOutsideFunctions(ts, file);
    return ts.visitEachChild(file, visitor(isAsync ? "asynchronous" : "until Ctrl-C"), context);
  };
}

function isAsyncFunction(ts: typeof TypeScript, node: TypeScript.Node): boolean {
  const modifiers = ts.canHaveModifiers(node) ? ts.getModifiers(node) : undefined;
  return modifiers?.some(({ kind }) => kind === ts.SyntaxKind.AsyncKeyword) ?? false;
}

/** Whether the function itself, not one within it, has a loop that is no tight one. */
function hasLoop(ts: typeof TypeScript, node: TypeScript.Node): boolean {
  const visit = (child: TypeScript.Node): boolean => {
    if (ts.isFunctionLike(child)) return false;
    if (ts.isIterationStatement(child, false) && !isTight(ts, child)) return true;
    return ts.forEachChild(child, visit) ?? false;
  };
  return ts.forEachChild(node, visit) ?? false;
}

/** A counted loop over numbers: no other loop in it, and no call but of `Math`. */
function isTight(ts: typeof TypeScript, loop: TypeScript.Node): boolean {
  if (!ts.isForStatement(loop) || !loop.condition || !loop.incrementor) return false;
  const isLong = (node: TypeScript.Node): boolean =>
    ts.isIterationStatement(node, false) ||
    ts.isNewExpression(node) ||
    ts.isTaggedTemplateExpression(node) ||
    (ts.isCallExpression(node) && !isOfMath(ts, node.expression)) ||
    (ts.forEachChild(node, isLong) ?? false);
  return !(ts.forEachChild(loop, isLong) ?? false);
}

function isOfMath(ts: typeof TypeScript, called: TypeScript.Expression): boolean {
  return (
    ts.isPropertyAccessExpression(called) &&
    ts.isIdentifier(called.expression) &&
    called.expression.text === "Math"
  );
}

/** `"use strict"` and the like, which must stand first. */
function isDirective(ts: typeof TypeScript, statement: TypeScript.Statement): boolean {
  return ts.isExpressionStatement(statement) && ts.isStringLiteral(statement.expression);
}

function awaitsOutsideFunctions(ts: typeof TypeScript, file: TypeScript.SourceFile): boolean {
  const visit = (node: TypeScript.Node): boolean => {
    if (ts.isFunctionLike(node)) return false;
    if (ts.isAwaitExpression(node) || (ts.isForOfStatement(node) && node.awaitModifier)) return true;
    return ts.forEachChild(node, visit) ?? false;
  };
  return ts.forEachChild(file, visit) ?? false;
}
