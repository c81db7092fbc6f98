/** An error as S3 and STS answer it. */
export class WireError extends Error {
  readonly status: number;
  readonly code: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: string,
    message: string,
    extra: { fields?: Record<string, string>; headers?: Record<string, string> } = {},
  ) {
    super(message);
    this.name = "WireError";
    this.status = status;
    this.code = code;
    this.fields = extra.fields ?? {};
    this.headers = extra.headers ?? {};
  }

  toS3Xml(): string {
    const fields = Object.entries(this.fields).map(([name, value]) => xmlElement(name, value));
    return `${XML_HEAD}<Error>${xmlElement("Code", this.code)}${xmlElement("Message", this.message)}${fields.join("")}${xmlElement("RequestId", "TEST")}</Error>`;
  }

  toStsXml(): string {
    const error = `<Error><Type>Sender</Type>${xmlElement("Code", this.code)}${xmlElement("Message", this.message)}</Error>`;
    return `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">${error}${xmlElement("RequestId", "TEST")}</ErrorResponse>`;
  }
}

/** How every XML document of S3 begins. */
export const XML_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n';

/** One element with text, escaped. */
export function xmlElement(name: string, text: string): string {
  return `<${name}>${text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")}</${name}>`;
}

/** Text of every element of this name, unescaped, in order. */
export function xmlTexts(xml: string, name: string): readonly string[] {
  return [...xml.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, "g"))].map(([, text = ""]) =>
    text.replaceAll("&quot;", '"').replaceAll("&#34;", '"').replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&"),
  );
}
