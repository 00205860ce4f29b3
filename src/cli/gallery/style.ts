/** The look of the gallery: one column for reading, light and dark, print. Colours keep 4.5:1 contrast. */
export const STYLE = `
:root {
  --paper: #fbfaf8; --sheet: #ffffff; --ink: #22252b; --soft: #5d636e; --line: #e2dfd9; --code: #f4f2ee;
  --accent: #8a2a63; --focus: #1f5fbf; --bad: #b3261e; --bad-paper: #fdecea; --note: #6b4e00; --note-paper: #fff5d6;
  --comment: #66707c; --string: #1f6f4a; --number: #8a4b08; --keyword: #8a2a63; --type: #1d5a96; --call: #4a3d9e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #17181c; --sheet: #1f2126; --ink: #e6e4df; --soft: #a7abb4; --line: #363941; --code: #24272d;
    --accent: #f09bc7; --focus: #8bb8ff; --bad: #ffb4ab; --bad-paper: #3f1d1b; --note: #f3d58a; --note-paper: #362e17;
    --comment: #9aa3af; --string: #8fd6ac; --number: #f0b67f; --keyword: #f09bc7; --type: #8cc1f5; --call: #c3b5ff;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-behavior: smooth; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 17px/1.6 "Source Sans 3", "Open Sans", "Segoe UI", system-ui, -apple-system, "Helvetica Neue", "DejaVu Sans", sans-serif;
}
code, pre, .count { font-family: "JetBrains Mono", "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
a { color: var(--accent); text-underline-offset: .18em; text-decoration-thickness: .06em; }
a:focus-visible, pre:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; border-radius: 4px; }
h1, h2, h3, h4 { line-height: 1.22; text-wrap: balance; margin: 1.7em 0 .5em; letter-spacing: -.01em; }
h1 { font-size: 2.05rem; margin-top: .8em; } h2 { font-size: 1.42rem; } h3 { font-size: 1.14rem; } h4 { font-size: 1rem; }

.bar {
  display: flex; flex-wrap: wrap; justify-content: space-between; gap: .2rem 1rem; padding: .7rem 1.4rem; font-size: .92rem;
  border-bottom: 1px solid var(--line); background: var(--sheet); color: var(--soft);
}
.page { max-width: 60rem; margin: 0 auto; padding: 1.2rem 1.4rem 3rem; }
.prose { max-width: 44rem; }
.prose p, .prose ul, .prose ol, .prose blockquote { margin: .7em 0; }
.prose li { margin: .2em 0; } .prose li > ul, .prose li > ol { margin: .2em 0; }
.prose :not(pre) > code { background: var(--code); border-radius: 4px; padding: .1em .32em; font-size: .88em; }
.prose blockquote { border-left: 3px solid var(--line); padding-left: 1em; margin-left: 0; color: var(--soft); }
.prose img { max-width: 100%; }
.prose hr, hr { border: 0; border-top: 1px solid var(--line); margin: 2em 0; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .94rem; margin: .8em 0; }
th, td { padding: .34em .8em; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
th { font-weight: 600; border-bottom-width: 2px; }

.notice { margin: .6rem 0; padding: .5rem .9rem; border-radius: 8px; font-size: .94rem; max-width: 44rem; }
.use { padding-left: 0; color: var(--soft); margin-bottom: 0; }
.phantom { background: var(--note-paper); color: var(--note); }
.failure { background: var(--bad-paper); color: var(--bad); } .failure a { color: inherit; font-weight: 600; }

.code { margin: 1.3rem 0; }
.input { position: relative; }
.count { position: absolute; right: 100%; margin-right: .7rem; top: .85rem; color: var(--soft); font-size: .76rem; }
pre { margin: 0; font-size: .845rem; line-height: 1.55; overflow-x: auto; tab-size: 2; }
.source { background: var(--code); border: 1px solid var(--line); border-radius: 8px; padding: .8rem 1rem; }
.comment { color: var(--comment); font-style: italic; } .string { color: var(--string); } .number { color: var(--number); }
.keyword { color: var(--keyword); } .type { color: var(--type); } .call { color: var(--call); }
.bar strong { font-weight: 600; }
.text { padding: .6rem 1rem 0; white-space: pre; }
.wrap { white-space: pre-wrap; overflow-wrap: anywhere; }
.tall { max-height: 34rem; overflow: auto; border-bottom: 1px solid var(--line); padding-bottom: .6rem; }
.stderr { color: var(--soft); }
.error { background: var(--bad-paper); color: var(--ink); border-radius: 8px; padding: .8rem 1rem; margin-top: .7rem; white-space: pre-wrap; }
.failed > .input .source { border-color: var(--bad); }
.absent { color: var(--soft); font-style: italic; padding-left: 1rem; }
figure { margin: .9rem 0 0; }
/* Figures are drawn on white: in the dark they lie on a sheet of paper. */
figure img { max-width: 100%; height: auto; display: block; background: #fff; border-radius: 6px; border: 1px solid var(--line); }
.ansi-bold { font-weight: 700; } .ansi-red, .ansi-magenta { color: var(--bad); } .ansi-green { color: var(--string); }
.ansi-yellow { color: var(--number); } .ansi-blue, .ansi-cyan { color: var(--type); } .ansi-black, .ansi-white { color: var(--soft); }

.turn {
  display: grid; grid-template-columns: 1fr auto 1fr; gap: 1rem; align-items: end; max-width: 60rem; margin: 0 auto;
  padding: 1.2rem 1.4rem 3rem; border-top: 1px solid var(--line); font-size: .95rem;
}
.turn small { display: block; color: var(--soft); } .turn a { text-decoration: none; } .turn a:hover { text-decoration: underline; }
.turn .next { text-align: right; } .turn .file { color: var(--soft); font-size: .86rem; }

.gallery { max-width: 74rem; margin: 0 auto; padding: 2.4rem 1.6rem 4rem; }
.gallery h1 { font-size: 2.5rem; margin: 0; }
.gallery .lead { font-size: 1.12rem; color: var(--soft); max-width: 44rem; margin: .5rem 0 .8rem; }
.cards { list-style: none; padding: 0; margin: 2rem 0; display: grid; gap: 1.5rem; grid-template-columns: repeat(auto-fill, minmax(19rem, 1fr)); }
.card { background: var(--sheet); border: 1px solid var(--line); border-radius: 12px; overflow: hidden; }
.card.failed { border-color: var(--bad); }
.card a { display: flex; flex-direction: column; height: 100%; color: inherit; text-decoration: none; }
.card:hover { border-color: var(--accent); } .card a:hover strong { color: var(--accent); }
.picture { display: block; position: relative; aspect-ratio: 8 / 5; background: #fff; border-bottom: 1px solid var(--line); }
.picture img { position: absolute; inset: .7rem; width: calc(100% - 1.4rem); height: calc(100% - 1.4rem); object-fit: contain; }
.blank { display: grid; place-items: center; height: 100%; color: #5d636e; font-size: .9rem; }
.words { display: flex; flex-direction: column; gap: .35rem; padding: .9rem 1.1rem 1.1rem; flex: 1; }
.words small, .facts { color: var(--soft); font-size: .84rem; }
.words strong { font-size: 1.12rem; line-height: 1.3; text-wrap: balance; }
.about { font-size: .95rem; line-height: 1.5; color: var(--ink); display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 4; overflow: hidden; }
.facts { margin-top: auto; padding-top: .4rem; } .bad { color: var(--bad); }
.foot { color: var(--soft); font-size: .92rem; }

@media (max-width: 66rem) { .count { display: none; } }
@media (max-width: 40rem) { body { font-size: 16px; } h1 { font-size: 1.7rem; } .turn { grid-template-columns: 1fr; } .turn .next { text-align: left; } }
@media print {
  .bar, .turn { display: none; } body { background: #fff; color: #000; font-size: 11pt; }
  .page { max-width: none; padding: 0; } .code, figure { break-inside: avoid; } pre { white-space: pre-wrap; } .tall { max-height: none; }
}
`;
