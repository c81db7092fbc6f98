import { errnoOf } from "../core/durable-file.ts";
import { SyncError, isAbort } from "../core/errors.ts";

/** What a folder is used as. */
export type FolderRole = "destination" | "state";

const ADVICE: Readonly<Record<string, string>> = {
  EACCES: "Give the user that runs this read and write permission on the folder.",
  EPERM: "The file system refuses hard links or changes there; use a local POSIX file system.",
  ENOTSUP: "The file system has no hard links; use a local POSIX file system.",
  EOPNOTSUPP: "The file system has no hard links; use a local POSIX file system.",
  EMLINK: "The file system has no room for another hard link; use a local POSIX file system.",
  EXDEV: "The folder spans two file systems; keep all of it on one.",
  EROFS: "The file system is mounted read-only; mount it writable or choose another folder.",
  ENOSPC: "The disk is full; free space there and run again.",
  EDQUOT: "The disk quota is used up; free space there and run again.",
  EISDIR: "A folder stands where a file should be; move it away.",
  ENOTDIR: "A file stands where a folder should be; move it away.",
  ENAMETOOLONG: "Shorten `folder` and `name` in the model's `file` block.",
};

/** An operating system's error as one that names the folder and the way out; any other error as it is. */
export function explainFolderError(error: unknown, role: FolderRole, root: string, key: string): unknown {
  const errno = errnoOf(error);
  if (error instanceof SyncError || isAbort(error) || errno === null) return error;
  const what = role === "state" ? "state folder" : "destination folder";
  return new SyncError(
    role === "state" ? "STATE_UNAVAILABLE" : "DESTINATION_UNAVAILABLE",
    `The ${what} ${root} could not be used for ${key === "" ? "a listing" : key}: ${errno}.`,
    {
      hint: ADVICE[errno] ?? "Look at the folder and its file system, then run the same command again.",
      retry: "transient",
      context: { folder: root, key, errno },
      cause: error,
    },
  );
}
