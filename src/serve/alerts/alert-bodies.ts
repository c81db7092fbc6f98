import type { Alert } from "./alert.ts";

// Slack cuts off what is longer.
const LONGEST_TEXT = 2900;

const MARKS: Readonly<Record<Alert["edge"], string>> = {
  failed: ":red_circle:",
  held: ":large_yellow_circle:",
  recovered: ":large_green_circle:",
  late: ":large_orange_circle:",
  deviation: ":large_yellow_circle:",
  test: ":white_circle:",
};

/** The body of a Slack message: a line for notifications, and the same with hint and link for readers. */
export function slackBody(alert: Alert): string {
  const { edge, title, message, hint, link } = alert;
  const lines = [`${MARKS[edge]} *${escaped(title)}*`, escaped(message), escaped(hint)].filter((line) => line !== "");
  const text = lines.join("\n").slice(0, LONGEST_TEXT) + (link === null ? "" : `\n<${link}|Open the run>`);
  return JSON.stringify({ text: escaped(title), blocks: [{ type: "section", text: { type: "mrkdwn", text } }] });
}

/** The body of a webhook: one JSON object, to which keys are only ever added. */
export function webhookBody(alert: Alert): string {
  const { id, edge, stream, model, at, run, generation, code, title, message, hint, link } = alert;
  const type = `spillway.${edge}`;
  return JSON.stringify({
    schema: 1,
    id,
    type,
    timestamp: at,
    edge,
    stream,
    model,
    run_id: run,
    generation,
    code,
    title,
    message,
    hint,
    link,
  });
}

/** Slack reads these three as its own marks. */
function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
