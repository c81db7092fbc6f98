import { z } from "zod";

/** Options of `type: local` as users write them: objects become files of a folder, with the same keys and guarantees as on S3. */
export const folderOptionsSchema = z.strictObject({
  type: z.literal("local"),
  path: z
    .string()
    .min(1)
    .describe("Folder that objects are written below; made when it is not there. A relative path starts at config.yaml. Example: `out`."),
});

/** Validated options of a local destination; the path is absolute once the configuration is compiled. */
export type FolderOptions = z.output<typeof folderOptionsSchema>;
