// Waiting for what the page or the kernel will say.

/** Ask until the answer is the wanted one, or patience ends. Returns the last answer. */
export async function until(ask, wanted, patienceMs = 8000) {
  let answer;
  for (const deadline = Date.now() + patienceMs; Date.now() < deadline; ) {
    answer = await ask();
    if (matches(answer, wanted)) return answer;
    await new Promise((resolve) => setTimeout(resolve, 80));
  }
  return answer;
}

function matches(answer, wanted) {
  return wanted instanceof RegExp ? wanted.test(answer) : answer === wanted;
}
