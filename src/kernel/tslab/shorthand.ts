/**
 * `{ task }` where `task` belongs to an earlier cell.
 *
 * tslab writes `exports.task` for a name of an earlier cell, but overlooks the short form in an object: there the
 * checker answers with the property, not with the variable. This transformation runs before tslab's and writes the
 * short form out.
 */
import type { TypeScript } from "./typescript";

type Transformer = TypeScript.TransformerFactory<TypeScript.SourceFile>;

/** @param program the program that is emitted; names of earlier cells are declared in another of its root files */
export function writeOutShorthand(ts: typeof TypeScript, program: TypeScript.Program): Transformer {
  const checker = program.getTypeChecker();
  const roots = new Set(program.getRootFileNames());

  const isOfEarlierCell = (property: TypeScript.ShorthandPropertyAssignment): boolean => {
    const symbol = checker.getShorthandAssignmentValueSymbol(property);
    return (symbol?.declarations ?? []).some((declaration) => {
      const file = declaration.getSourceFile();
      return file !== property.getSourceFile() && roots.has(file.fileName);
    });
  };

  return (context) => (file) => {
    const { factory } = context;
    const visit = (node: TypeScript.Node): TypeScript.Node => {
      const visited = ts.visitEachChild(node, visit, context);
      if (!ts.isShorthandPropertyAssignment(visited)) return visited;
      const original = ts.getParseTreeNode(node);
      if (!original || !ts.isShorthandPropertyAssignment(original)) return visited;
      if (!isOfEarlierCell(original)) return visited;
      const name = visited.name.text;
      const variable = factory.createPropertyAccessExpression(factory.createIdentifier("exports"), name);
      const initial = visited.objectAssignmentInitializer;
      const value = initial ? factory.createAssignment(variable, initial) : variable;
      return ts.setTextRange(factory.createPropertyAssignment(name, value), visited);
    };
    return ts.visitEachChild(file, visit, context);
  };
}
