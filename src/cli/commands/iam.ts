import { SyncError } from "../../core/errors.ts";
import type { Project } from "../../core/types.ts";
import { permissionPolicy, type PolicyDocument, type PolicyUse, toTerraform, trustPolicy } from "../../s3/iam-policy.ts";
import type { S3Options } from "../../s3/s3-options.ts";
import type { CommandContext, CommandOutcome } from "../command.ts";
import { Verbatim } from "../json-document.ts";
import { openProject } from "../open-project.ts";

/** What `sync iam` was asked for. */
export interface IamOptions {
  readonly models: readonly string[];
  readonly destination: string | null;
  readonly state: boolean;
  readonly format: "json" | "terraform";
  /** Who assumes the role; a placeholder stands for it when it is not told. */
  readonly principal: string | null;
}

interface NeededPolicies {
  readonly name: string;
  readonly use: PolicyUse;
  readonly roleArn: string | null;
  /** Null where no role is assumed: the permissions then belong to whatever Spillway runs as. */
  readonly trust: PolicyDocument | null;
  readonly permissions: PolicyDocument;
}

/** Prints who has to trust whom and which rights are needed, no more, for destinations on S3 or the state root; asks nobody. */
export async function printPolicies(options: IamOptions, context: CommandContext): Promise<CommandOutcome> {
  const choice = { models: options.models, select: [], exclude: [], all: false };
  const { project, streams, warnings } = await openProject(choice, "all", context);
  const named = options.models.length === 0 ? null : new Set(streams.map((stream) => stream.destination.name));
  const needed = [
    ...(options.state ? [statePolicies(project, options)] : []),
    ...(options.state && named === null && options.destination === null ? [] : destinationPolicies(project, named, options)),
  ];
  return {
    warnings,
    data: {
      policies: needed.map(({ name, use, roleArn, trust, permissions }) => ({
        name,
        use,
        roleArn,
        trustPolicy: trust === null ? null : new Verbatim(trust),
        permissionPolicy: new Verbatim(permissions),
      })),
    },
    text: options.format === "terraform" ? needed.map(terraform).join("\n").trimEnd() : JSON.stringify(needed.map(asJson), null, 2),
  };
}

function statePolicies(project: Project, { principal }: IamOptions): NeededPolicies {
  if (project.state.type !== "s3") {
    throw new SyncError("USAGE", "The state of this project is a folder, which needs no policy.", { hint: "Leave --state out." });
  }
  // The configuration's schema made the options.
  return policies("state", "state", project.state.options as S3Options, principal);
}

function destinationPolicies(project: Project, named: ReadonlySet<string> | null, options: IamOptions): readonly NeededPolicies[] {
  const { destination, principal } = options;
  const chosen = project.destinations.filter(({ name }) => (destination === null ? (named?.has(name) ?? true) : name === destination));
  if (chosen.length === 0) {
    const names = project.destinations.map(({ name }) => name).join(", ");
    throw new SyncError("USAGE", `There is no destination ${destination ?? ""}.`, { hint: `The project has: ${names}.` });
  }
  const buckets = chosen.filter(({ type }) => type === "s3");
  if (buckets.length > 0) return buckets.map(({ name, options: given }) => policies(name, "destination", given as S3Options, principal));
  throw new SyncError("USAGE", `${chosen.map(({ name }) => name).join(", ")}: no policy is needed where nothing lies on S3.`, {
    hint: "Name a destination of `type: s3` with --destination.",
  });
}

const SOMEBODY = "<ARN of the role or user that Spillway runs as>";

function policies(name: string, use: PolicyUse, options: S3Options, principal: string | null): NeededPolicies {
  const { role_arn: roleArn, external_id: externalId } = options;
  return {
    name,
    use,
    roleArn: roleArn ?? null,
    trust: roleArn === undefined ? null : trustPolicy({ principalArn: principal ?? SOMEBODY, externalId }),
    permissions: permissionPolicy(options, use),
  };
}

function asJson({ name, roleArn, trust, permissions }: NeededPolicies): object {
  return { for: name, ...(roleArn === null ? {} : { role: roleArn, trust_policy: trust }), permission_policy: permissions };
}

function terraform({ name, roleArn, trust, permissions }: NeededPolicies): string {
  return toTerraform({ name: roleArn?.split("/").at(-1) ?? `spillway-${name}`, trust, permissions });
}
