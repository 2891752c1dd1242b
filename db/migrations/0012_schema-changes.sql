CREATE TABLE "schema_change" (
	"schema_change_id" uuid PRIMARY KEY NOT NULL,
	"table_name" text NOT NULL,
	"domain" text NOT NULL,
	"effective_on" date NOT NULL,
	"columns" jsonb NOT NULL,
	"description_da" text NOT NULL,
	"description_en" text NOT NULL,
	"announced_at" timestamp with time zone NOT NULL,
	"announced_by" text NOT NULL,
	CONSTRAINT "schema_change_notice" CHECK (not jsonb_path_exists("schema_change"."columns", '$[*] ? (@.change != "added")') or "schema_change"."effective_on" >= ("schema_change"."announced_at" at time zone 'Europe/Copenhagen')::date + 90)
);
--> statement-breakpoint
CREATE TABLE "schema_change_withdrawal" (
	"schema_change_id" uuid PRIMARY KEY NOT NULL,
	"reason" text NOT NULL,
	"withdrawn_at" timestamp with time zone NOT NULL,
	"withdrawn_by" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "schema_version" (
	"table_name" text NOT NULL,
	"version" integer NOT NULL,
	"schema_hash" text,
	"columns" jsonb NOT NULL,
	"used_from" date NOT NULL,
	"carries_out" jsonb NOT NULL,
	CONSTRAINT "schema_version_table_name_version_pk" PRIMARY KEY("table_name","version")
);
--> statement-breakpoint
ALTER TABLE "schema_change_withdrawal" ADD CONSTRAINT "schema_change_withdrawal_change" FOREIGN KEY ("schema_change_id") REFERENCES "public"."schema_change"("schema_change_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "schema_change_effective" ON "schema_change" USING btree ("effective_on","schema_change_id");--> statement-breakpoint
CREATE INDEX "schema_change_table" ON "schema_change" USING btree ("table_name");