/**
 * Shapley values (Shapley 1953), exactly: what each player adds to a coalition, averaged over all orders of joining.
 *
 *   value_i = sum over S without i of |S|! (n - |S| - 1)! / n! (v(S and i) - v(S))
 *
 * They sum to v(all) - v(none) (efficiency); a player who never adds anything has 0; players who add alike have alike.
 */
import { invalidArgument } from "../core/errors";

/** 65,536 coalitions. */
const MOST_PLAYERS = 16;

/**
 * The Shapley value of each player.
 *
 * @param worth  of every coalition, `2 ** players` numbers: bit `i` of the index says whether player `i` is in it
 * @throws InvalidArgument  for a list of another length, or for more than 16 players
 * @example
 * explain.shapleyValues([0, 1, 2, 5]); // two players: [2, 3]
 */
export function shapleyValues(worth: ArrayLike<number>): number[] {
  const players = Math.log2(worth.length);
  if (!Number.isInteger(players) || players > MOST_PLAYERS)
    throw invalidArgument(
      "worth",
      `a list of ${worth.length}`,
      `2, 4, 8, ... up to ${2 ** MOST_PLAYERS} numbers, one a coalition`,
    );
  const shares = sharesBySize(players);
  const values = new Array<number>(players).fill(0);
  for (let coalition = 0; coalition < worth.length; coalition++)
    for (let player = 0; player < players; player++) {
      const bit = 1 << player;
      if (coalition & bit) continue;
      values[player]! += shares[membersOf(coalition)]! * (worth[coalition | bit]! - worth[coalition]!);
    }
  return values;
}

/** Which players are in each coalition: row by row, 1 or 0, `[2 ** players, players]`. */
export function coalitions(players: number): Uint8Array {
  if (!(Number.isInteger(players) && players >= 1 && players <= MOST_PLAYERS))
    throw invalidArgument("images", players, `1 to ${MOST_PLAYERS}: every subset of them is computed`);
  const rows = new Uint8Array(2 ** players * players);
  return rows.map((_, i) => (Math.floor(i / players) >> (i % players)) & 1);
}

/** |S|! (n - |S| - 1)! / n! for each size of S: the share of orders in which exactly S came before. */
function sharesBySize(players: number): number[] {
  const shares = [1 / players];
  for (let size = 1; size < players; size++) shares.push((shares[size - 1]! * size) / (players - size));
  return shares;
}

function membersOf(coalition: number): number {
  let count = 0;
  for (let rest = coalition; rest > 0; rest >>= 1) count += rest & 1;
  return count;
}
