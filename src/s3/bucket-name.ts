/** True for what S3 takes as the name of a bucket (3 to 63 characters, lower case). */
export function isBucketName(text: string): boolean {
  return /^[a-z0-9](?:[a-z0-9.-]{1,61})[a-z0-9]$/.test(text) && !text.includes("..") && !/^\d+\.\d+\.\d+\.\d+$/.test(text);
}

/** What to write instead of something that is not a bucket's name; names the bucket and prefix that it seems to mean. */
export function bucketAdvice(text: string): string {
  const meant = meantBucket(text);
  if (meant === null) return "a bucket's name has 3 to 63 lower-case letters, digits, dots and dashes";
  const prefix = meant.prefix === "" ? "" : ` and prefix: ${meant.prefix}`;
  return `give the bucket's name, not ${meant.kind}: write bucket: ${meant.bucket}${prefix}`;
}

interface Meant {
  readonly kind: "a URI" | "an ARN";
  readonly bucket: string;
  readonly prefix: string;
}

function meantBucket(text: string): Meant | null {
  const arn = /^arn:aws[a-z-]*:s3:::([^/]+)\/?(.*)$/.exec(text);
  if (arn !== null) return checked("an ARN", arn[1], arn[2]);
  const uri = /^s3[an]?:\/\/([^/]+)\/?(.*)$/.exec(text);
  if (uri !== null) return checked("a URI", uri[1], uri[2]);
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) return null;
  const { hostname, pathname } = new URL(text);
  const path = pathname.slice(1);
  const virtual = /^(.+)\.s3[.-][a-z0-9.-]*amazonaws\.com(?:\.cn)?$/.exec(hostname);
  if (virtual !== null) return checked("a URI", virtual[1], path);
  const slash = path.indexOf("/");
  return slash < 0 ? checked("a URI", path, "") : checked("a URI", path.slice(0, slash), path.slice(slash + 1));
}

function checked(kind: Meant["kind"], bucket = "", rest = ""): Meant | null {
  return isBucketName(bucket) ? { kind, bucket, prefix: rest.replace(/^\/+|[/*]+$/g, "") } : null;
}
