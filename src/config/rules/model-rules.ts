import * as columns from "./column-rules.ts";
import * as steps from "./column-step-rules.ts";
import * as files from "./file-rules.ts";
import * as modes from "./mode-rules.ts";
import type { ModelRule } from "./model-rule.ts";
import * as presets from "./preset-rules.ts";
import * as queries from "./query-rules.ts";
import * as references from "./reference-rules.ts";
import * as schedules from "./schedule-rules.ts";

/** Everything that is checked about one model; all of them run, whatever the others found. */
export const MODEL_RULES: readonly ModelRule[] = [
  references.nameIsValid,
  references.sourceExists,
  references.destinationExists,
  references.alertsExist,
  references.listsNameOnce,
  queries.hasOneQuery,
  queries.entityHasOneQuery,
  queries.hasPrimaryKey,
  queries.keyColumnsDiffer,
  modes.changesFitMode,
  modes.changesTellSomething,
  modes.checkpointFitsMode,
  modes.removedFilesAreTheirOwn,
  modes.cursorFitsMode,
  modes.eventsAreAdded,
  columns.columnsSayOneThing,
  columns.templatesAreValid,
  columns.columnsAreLeft,
  columns.metadataFits,
  columns.columnNamesDiffer,
  columns.ignoredColumnsExist,
  columns.keyIsDelivered,
  steps.stepsAreValid,
  steps.restStandsAlone,
  steps.previousExists,
  steps.changedNamesAreSeparable,
  steps.hashedKeysAreStored,
  files.delimiterIsValid,
  files.nullTextIsValid,
  files.extensionIsValid,
  files.optionsFitFormat,
  files.displayIsValid,
  files.splitByIsValid,
  files.optionsFitEachOther,
  files.changeNamesAreValid,
  presets.customerMatchIsHashed,
  presets.segmentAudienceIsWhole,
  schedules.cronIsValid,
  schedules.zoneIsKnown,
];
