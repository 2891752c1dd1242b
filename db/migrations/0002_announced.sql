ALTER TABLE "source_delivery" ADD COLUMN "extracted_on" date;--> statement-breakpoint
ALTER TABLE "source_file" ADD COLUMN "announced_rows" bigint;