ALTER TABLE "slice" ADD COLUMN "segment_crc32" bigint;--> statement-breakpoint
ALTER TABLE "slice_diff" ADD COLUMN "segment_crc32" bigint;