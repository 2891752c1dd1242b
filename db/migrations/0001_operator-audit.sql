CREATE TABLE "operator_audit_entry" (
	"entry" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "operator_audit_entry_entry_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"client_id" text NOT NULL,
	"request_id" text NOT NULL,
	"operation" text NOT NULL,
	"object" jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "released_read" (
	"entry" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "released_read_entry_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"minute" timestamp with time zone NOT NULL,
	"client_id" text NOT NULL,
	"reader" text,
	"object" text NOT NULL,
	"reads" integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX "operator_audit_entry_at" ON "operator_audit_entry" USING btree ("at");--> statement-breakpoint
CREATE INDEX "released_read_minute" ON "released_read" USING btree ("minute");