import { entry, type ErrorCodeEntry } from "./error-code-entry.ts";
import { EXIT } from "./exit-codes.ts";

/** Codes of destinations and of `sync doctor`, which tries them, alphabetical; part of ERROR_CODES. */
export const DESTINATION_CODES = {
  DESTINATION_ACCESS_DENIED: entry(
    EXIT.destination,
    "The bucket's owner does not allow an action that the delivery needs.",
    "Have the statement that the message prints added to the policy of the role or user; `sync iam` prints the whole policy, `sync doctor` tries it. The run resumes.",
  ),
  DESTINATION_ACL_REFUSED: entry(
    EXIT.destination,
    "The bucket has ACLs switched off (bucket owner enforced), but the destination sends one.",
    "Drop `acl` from the destination: the bucket's owner owns every object anyway. The run resumes.",
  ),
  DESTINATION_BUCKET_MISSING: entry(
    EXIT.destination,
    "No bucket of this name exists.",
    "Mend `bucket`, or have the bucket created. The run resumes.",
  ),
  DESTINATION_CLOCK_SKEW: entry(
    EXIT.destination,
    "This machine's clock is too far from the server's for a signature to be valid.",
    "Set the clock (NTP), then run again.",
  ),
  DESTINATION_CREDENTIALS: entry(
    EXIT.destination,
    "There are no credentials for the destination, or they are wrong or have expired.",
    "Give the machine a role, set `profile` or `credentials`, or renew them; `sync doctor` shows who is asking. The run resumes.",
  ),
  DESTINATION_KMS_REFUSED: entry(
    EXIT.destination,
    "The KMS key that encrypts the objects does not exist, is disabled, or may not be used.",
    "Mend `encryption.key_id` (an ARN across accounts), or have kms:GenerateDataKey and kms:Decrypt granted by the role's policy and by the key's. The run resumes.",
  ),
  DESTINATION_REJECTED: entry(
    EXIT.destination,
    "The store refuses a request for a reason of its own.",
    "Read the store's answer in the message; S3-compatible stores often need `checksums: required` or `path_style: true`.",
  ),
  DESTINATION_ROLE_REFUSED: entry(
    EXIT.destination,
    "STS does not let us assume the destination's role.",
    "Compare the role's trust policy with what `sync iam` prints: our account and the same ExternalId must stand in it.",
  ),
  DESTINATION_UNANSWERED: entry(
    EXIT.destination,
    "The destination kept giving no answer about one object.",
    "Run again: the delivery goes on with the same bytes at the same keys.",
  ),
  DESTINATION_UNAVAILABLE: entry(
    EXIT.destination,
    "The destination could not be written or read: a folder refused, or S3 did not answer until the tries were used up.",
    "Follow the hint about the folder, the network or the store, then run again: an unfinished delivery goes on where it stood.",
  ),
  DESTINATION_WRONG_REGION: entry(
    EXIT.destination,
    "The bucket stands in another region than the destination says.",
    "Set `region` to the region in the message. The run resumes.",
  ),
  DOCTOR_ALERTS: entry(
    EXIT.destination,
    "`sync doctor` could not tell everybody who is to be alerted; deliveries are not touched by that.",
    "Mend what is marked FAIL, then `sync doctor --only alerts` again.",
  ),
  DOCTOR_DESTINATION: entry(
    EXIT.destination,
    "`sync doctor` tried what a delivery will ask of a destination, or of its clock, and something failed.",
    "Mend what is marked FAIL, from the top, then run `sync doctor` again; every line has its fix, and its own code where there is one.",
  ),
  DOCTOR_SOURCE: entry(
    EXIT.source,
    "`sync doctor` could not connect to a source, or the source refused to describe a model's query.",
    "Mend what is marked FAIL, from the top, then run `sync doctor` again; every line has its fix, and its own code where there is one.",
  ),
  DOCTOR_STATE: entry(
    EXIT.state,
    "`sync doctor` tried what the state root has to do, and something failed. No stream can run until it works.",
    "Mend what is marked FAIL, from the top, then run `sync doctor` again; every line has its fix, and its own code where there is one.",
  ),
} as const satisfies Record<string, ErrorCodeEntry>;
