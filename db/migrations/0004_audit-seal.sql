CREATE TABLE "audit_block" (
	"number" bigint PRIMARY KEY NOT NULL,
	"previous" text NOT NULL,
	"hash" text NOT NULL,
	"sealed_at" timestamp with time zone NOT NULL,
	"entry_from" bigint NOT NULL,
	"entry_to" bigint NOT NULL,
	"operator_entry_from" bigint NOT NULL,
	"operator_entry_to" bigint NOT NULL
);
--> statement-breakpoint
ALTER TABLE "audit_entry" ADD COLUMN "mandate_id" uuid;--> statement-breakpoint
ALTER TABLE "audit_entry" ADD COLUMN "purpose" text;--> statement-breakpoint
ALTER TABLE "audit_entry" ADD COLUMN "outcome" text DEFAULT 'done' NOT NULL;--> statement-breakpoint
ALTER TABLE "audit_entry" ADD COLUMN "completes" bigint;--> statement-breakpoint
CREATE INDEX "audit_block_entry_to" ON "audit_block" USING btree ("entry_to","number");--> statement-breakpoint
CREATE INDEX "audit_entry_entry" ON "audit_entry" USING btree ("entry");--> statement-breakpoint
CREATE UNIQUE INDEX "audit_entry_completes" ON "audit_entry" USING btree ("municipality_code","completes") WHERE completes is not null;