/** A worker thread that augments pictures. */
import { answerTasks } from "../../core/threads";
import { augmentAll } from "./task";

answerTasks(augmentAll, ({ buffer }) => [buffer as ArrayBuffer]);
