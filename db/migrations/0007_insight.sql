CREATE TABLE "access_request" (
	"municipality_code" text NOT NULL,
	"access_request_id" uuid NOT NULL,
	"client_id" text NOT NULL,
	"domains" text[],
	"state" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"answered_at" timestamp with time zone,
	"expires_at" timestamp with time zone NOT NULL,
	"person" "bytea",
	"answer" "bytea",
	CONSTRAINT "access_request_municipality_code_access_request_id_pk" PRIMARY KEY("municipality_code","access_request_id")
);
--> statement-breakpoint
ALTER TABLE "audit_entry" ADD COLUMN "package_id" text GENERATED ALWAYS AS (object ->> 'package') STORED;--> statement-breakpoint
CREATE INDEX "access_request_expires" ON "access_request" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "audit_entry_package" ON "audit_entry" USING btree ("municipality_code","package_id") WHERE package_id is not null and outcome = 'started';