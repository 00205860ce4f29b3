/**
 * `import.meta` and `import()` in cells.
 *
 * Cells become CommonJS, which has neither. Both become calls of the kernel (`../module-functions.ts`): so a package that is an
 * ES module with a top-level `await`, which `require` refuses, is had by `await import("...")`.
 */
import { DYNAMIC_IMPORT, IMPORT_META } from "../module-functions";
import type { TypeScript } from "./typescript";

type Transformer = TypeScript.TransformerFactory<TypeScript.SourceFile>;

export function callKernelForModules(ts: typeof TypeScript): Transformer {
  return (context) => (file) => {
    const { factory } = context;
    const visit = (node: TypeScript.Node): TypeScript.Node => {
      if (ts.isMetaProperty(node) && node.keywordToken === ts.SyntaxKind.ImportKeyword)
        return factory.createIdentifier(IMPORT_META);
      const visited = ts.visitEachChild(node, visit, context);
      if (ts.isCallExpression(visited) && visited.expression.kind === ts.SyntaxKind.ImportKeyword)
        return factory.updateCallExpression(
          visited,
          factory.createIdentifier(DYNAMIC_IMPORT),
          undefined,
          visited.arguments,
        );
      return visited;
    };
    return ts.visitEachChild(file, visit, context);
  };
}
