// What axe, an automatic auditor of accessibility, finds in what is ours: names, roles, contrast, order, sizes (WCAG 2.2, A and AA).

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const AUDITOR = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/**
 * Audit parts of a page, as they are seen now.
 *
 * @param {import("playwright-core").Page} tab
 * @param {readonly string[]} parts selectors; each must be there, so that nothing passes by being absent
 * @param {string} where said when something is found
 * @returns {Promise<number>} how many elements were looked at
 */
export async function checkAccessible(tab, parts, where) {
  for (const part of parts)
    assert.ok((await tab.locator(part).count()) > 0, `${where}: nothing is there to audit at ${part}`);
  if (!(await tab.evaluate(() => "axe" in window))) await tab.evaluate(AUDITOR);
  const { violations, checked } = await tab.evaluate(
    async ([include, tags]) => {
      const found = await window.axe.run(
        { include: include.map((selector) => [selector]) },
        { runOnly: tags, resultTypes: ["violations", "passes"] },
      );
      return {
        violations: found.violations.flatMap(({ id, impact, nodes }) =>
          nodes.map(({ html, failureSummary }) => ({ id, impact, html: html.slice(0, 300), failureSummary })),
        ),
        checked: new Set(found.passes.flatMap(({ nodes }) => nodes.map(({ html }) => html))).size,
      };
    },
    [parts, RULES],
  );
  assert.deepEqual(violations, [], `${where}: the auditor of accessibility found something`);
  assert.ok(checked > 0, `${where}: the auditor looked at nothing`);
  return checked;
}
