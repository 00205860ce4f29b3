/** Source maps, as much of them as it takes to find the user's line. */

/** A place in a text; line and column count from 1. */
export interface SourcePosition {
  line: number;
  column: number;
}

/** Finds where a generated place comes from; `undefined` when the compiler invented it. */
export type SourceMapper = (line: number, column: number) => SourcePosition | undefined;

/** One mapped place: generated column, original line and column, all from 0. */
type Segment = readonly [generated: number, line: number, column: number];

/**
 * A mapper from the JSON of a source map (version 3, one source).
 *
 * A place between two mapped ones belongs to the nearest before it on its line.
 */
export function sourceMapper(json: string): SourceMapper {
  const { mappings } = JSON.parse(json) as { mappings: string };
  const lines = decodeMappings(mappings);
  return (line, column) => {
    const segments = lines[line - 1];
    if (!segments) return undefined;
    let found: Segment | undefined;
    for (const segment of segments) {
      if (segment[0] > column - 1) break;
      found = segment;
    }
    found ??= segments[0];
    return found && { line: found[1] + 1, column: found[2] + 1 };
  };
}

/** First `later` (the second compiler pass), then `earlier`. */
export function composeMappers(earlier: SourceMapper, later: SourceMapper): SourceMapper {
  return (line, column) => {
    const between = later(line, column);
    return between && earlier(between.line, between.column);
  };
}

const INLINE_MAP = /\n?\/\/# sourceMappingURL=data:application\/json[^,]*;base64,([A-Za-z0-9+/=]+)\s*$/;

/** Take the map that the compiler wrote at the end of its output out of it. */
export function splitInlineMap(javascript: string): { code: string; map: string | undefined } {
  const found = INLINE_MAP.exec(javascript);
  if (!found) return { code: javascript, map: undefined };
  return {
    code: javascript.slice(0, found.index),
    map: Buffer.from(found[1]!, "base64").toString("utf8"),
  };
}

/** `;` separates generated lines, `,` segments; numbers are differences to the segment before. */
function decodeMappings(mappings: string): Segment[][] {
  let originalLine = 0;
  let originalColumn = 0;
  return mappings.split(";").map((line) => {
    let generated = 0;
    const segments: Segment[] = [];
    for (const text of line.split(",")) {
      const [generatedBy, , lineBy, columnBy] = decodeNumbers(text);
      if (generatedBy === undefined) continue;
      generated += generatedBy;
      if (lineBy === undefined || columnBy === undefined) continue;
      originalLine += lineBy;
      originalColumn += columnBy;
      segments.push([generated, originalLine, originalColumn]);
    }
    return segments;
  });
}

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Base 64 VLQ: five bits a digit, lowest first, the sixth says "more"; the lowest bit of all is the sign. */
function decodeNumbers(text: string): number[] {
  const numbers: number[] = [];
  let value = 0;
  let shift = 0;
  for (const character of text) {
    const digit = BASE64.indexOf(character);
    value += (digit & 31) << shift;
    if (digit & 32) {
      shift += 5;
      continue;
    }
    numbers.push(value & 1 ? -(value >> 1) : value >> 1);
    value = 0;
    shift = 0;
  }
  return numbers;
}
