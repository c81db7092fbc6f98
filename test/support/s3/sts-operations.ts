import type { Accounts, Principal } from "./accounts.ts";
import type { Reply } from "./call.ts";
import { stsOperationOf } from "./call.ts";
import { xmlElement } from "./wire-error.ts";

/** AssumeRole and GetCallerIdentity. */
export function answerSts(form: URLSearchParams, caller: Principal, accounts: Accounts): Reply {
  const operation = stsOperationOf(form);
  if (operation === "GetCallerIdentity")
    return result(
      operation,
      xmlElement("Arn", caller.arn) + xmlElement("UserId", caller.accessKeyId) + xmlElement("Account", caller.account),
    );
  const session = accounts.assume(caller, {
    roleArn: form.get("RoleArn") ?? "",
    sessionName: form.get("RoleSessionName") ?? "",
    externalId: form.get("ExternalId"),
    seconds: Number(form.get("DurationSeconds") ?? 3600),
  });
  const credentials =
    xmlElement("AccessKeyId", session.accessKeyId) +
    xmlElement("SecretAccessKey", session.secretAccessKey) +
    xmlElement("SessionToken", session.sessionToken ?? "") +
    xmlElement("Expiration", session.expiresAt?.toISOString() ?? "");
  const user = xmlElement("AssumedRoleId", session.accessKeyId) + xmlElement("Arn", session.arn);
  return result(operation, `<Credentials>${credentials}</Credentials><AssumedRoleUser>${user}</AssumedRoleUser>`);
}

function result(operation: string, fields: string): Reply {
  const body = `<${operation}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><${operation}Result>${fields}</${operation}Result></${operation}Response>`;
  return { status: 200, headers: { "content-type": "text/xml" }, body };
}
