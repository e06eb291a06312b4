import type { CompletedPart, S3 } from '@aws-sdk/client-s3';
import type { NewFile } from './place.ts';

/** All parts but the last are of one length, as some stores ask for; a store takes 10,000 of them: 78 GiB. */
const PART_BYTES = 8 << 20;

/** An object that is being written, in parts where it is longer than one. No more than a part is held. */
export class NewObject implements NewFile {
  readonly #s3: S3;
  readonly #at: { Bucket: string; Key: string };
  #held: Buffer[] = [];
  #bytes = 0;
  #uploadId: string | undefined;
  readonly #parts: CompletedPart[] = [];

  constructor(s3: S3, at: { Bucket: string; Key: string }) {
    this.#s3 = s3;
    this.#at = at;
  }

  async append(bytes: Uint8Array | string): Promise<void> {
    // A copy: the writer may use its memory again.
    const all = Buffer.from(bytes);
    for (let at = 0; at < all.length; ) {
      const piece = all.subarray(at, at + PART_BYTES - this.#bytes);
      this.#held.push(piece);
      this.#bytes += piece.length;
      at += piece.length;
      if (this.#bytes === PART_BYTES) await this.#sendPart();
    }
  }

  async close(): Promise<void> {
    if (this.#uploadId === undefined) {
      await this.#s3.putObject({ ...this.#at, Body: this.#take() });
      return;
    }
    if (this.#bytes > 0) await this.#sendPart();
    await this.#s3.completeMultipartUpload({
      ...this.#at,
      UploadId: this.#uploadId,
      MultipartUpload: { Parts: this.#parts },
    });
    this.#uploadId = undefined;
  }

  async discard(): Promise<void> {
    this.#take();
    const UploadId = this.#uploadId;
    this.#uploadId = undefined;
    if (UploadId !== undefined)
      await this.#s3.abortMultipartUpload({ ...this.#at, UploadId }).catch(() => {});
  }

  async #sendPart(): Promise<void> {
    this.#uploadId ??= (await this.#s3.createMultipartUpload(this.#at)).UploadId;
    const PartNumber = this.#parts.length + 1;
    const { ETag } = await this.#s3.uploadPart({
      ...this.#at,
      UploadId: this.#uploadId,
      PartNumber,
      Body: this.#take(),
    });
    this.#parts.push({ PartNumber, ETag });
  }

  #take(): Buffer {
    const body = this.#held.length === 1 ? (this.#held[0] as Buffer) : Buffer.concat(this.#held);
    this.#held = [];
    this.#bytes = 0;
    return body;
  }
}
