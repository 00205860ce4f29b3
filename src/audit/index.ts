/** What printed tables say, held against the files they were made from. */
export { publishedClassCounts, publishedCorrelations } from "./published-tables";
