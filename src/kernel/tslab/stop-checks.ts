/**
 * Loops that can be interrupted after an `await`.
 *
 * Ctrl-C ends a cell that has not yet waited for anything. What runs after an `await` is out of its reach,
 * so each round of a loop in asynchronous code asks first whether the cell is to stop. Loops in synchronous functions stay
 * as they are: the question costs about a nanosecond, which inner loops over pixels would feel.
 */
import { STOP_CHECK } from "../stop-check";
import type { TypeScript } from "./typescript";

type Transformer = TypeScript.TransformerFactory<TypeScript.SourceFile>;

export function checkLoopsForStop(ts: typeof TypeScript): Transformer {
  return (context) => (file) => {
    const { factory } = context;
    const check = () =>
      factory.createExpressionStatement(
        factory.createCallExpression(factory.createIdentifier(STOP_CHECK), undefined, []),
      );
    const checked = (body: TypeScript.Statement): TypeScript.Statement =>
      ts.isBlock(body)
        ? ts.setTextRange(factory.createBlock([check(), ...body.statements], true), body)
        : factory.createBlock([check(), body], true);

    const visitor = (isAsync: boolean) => {
      const visit = (node: TypeScript.Node): TypeScript.Node => {
        if (ts.isFunctionLike(node))
          return ts.visitEachChild(node, visitor(isAsyncFunction(ts, node)), context);
        const visited = ts.visitEachChild(node, visit, context);
        return isAsync && ts.isIterationStatement(visited, false) ? withBody(visited) : visited;
      };
      return visit;
    };

    const withBody = (loop: TypeScript.IterationStatement): TypeScript.Node => {
      const body = checked(loop.statement);
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

    return ts.visitEachChild(file, visitor(awaitsOutsideFunctions(ts, file)), context);
  };
}

function isAsyncFunction(ts: typeof TypeScript, node: TypeScript.Node): boolean {
  const modifiers = ts.canHaveModifiers(node) ? ts.getModifiers(node) : undefined;
  return modifiers?.some(({ kind }) => kind === ts.SyntaxKind.AsyncKeyword) ?? false;
}

function awaitsOutsideFunctions(ts: typeof TypeScript, file: TypeScript.SourceFile): boolean {
  const visit = (node: TypeScript.Node): boolean => {
    if (ts.isFunctionLike(node)) return false;
    if (ts.isAwaitExpression(node) || (ts.isForOfStatement(node) && node.awaitModifier)) return true;
    return ts.forEachChild(node, visit) ?? false;
  };
  return ts.forEachChild(file, visit) ?? false;
}
