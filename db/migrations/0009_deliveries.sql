CREATE TABLE "delivery" (
	"municipality_code" text NOT NULL,
	"delivery_id" uuid NOT NULL,
	"subscription_id" uuid NOT NULL,
	"domain" text NOT NULL,
	"due_on" date NOT NULL,
	"promised_at" timestamp with time zone NOT NULL,
	"next_promised_at" timestamp with time zone,
	"agreed_kind" text NOT NULL,
	"tables" text[] NOT NULL,
	"formats" text[] NOT NULL,
	"state" text NOT NULL,
	"asked_at" timestamp with time zone,
	"package_id" uuid,
	"revision" integer,
	"epoch_start" timestamp with time zone,
	"unchanged" text,
	"late_reason" text,
	"created_at" timestamp with time zone NOT NULL,
	"ready_at" timestamp with time zone,
	"fetched_at" timestamp with time zone,
	"acknowledged_at" timestamp with time zone,
	"manifest" text,
	CONSTRAINT "delivery_municipality_code_delivery_id_pk" PRIMARY KEY("municipality_code","delivery_id")
);
--> statement-breakpoint
CREATE TABLE "delivery_acknowledgement" (
	"municipality_code" text NOT NULL,
	"delivery_id" uuid NOT NULL,
	"client_id" text NOT NULL,
	"mandate_id" uuid,
	"acknowledged_at" timestamp with time zone NOT NULL,
	"receipt" text NOT NULL,
	CONSTRAINT "delivery_acknowledgement_municipality_code_delivery_id_pk" PRIMARY KEY("municipality_code","delivery_id")
);
--> statement-breakpoint
CREATE TABLE "delivery_file" (
	"municipality_code" text NOT NULL,
	"delivery_id" uuid NOT NULL,
	"name" text NOT NULL,
	"rows" bigint,
	"bytes" bigint NOT NULL,
	"sha256" char(64) NOT NULL,
	"sent" "int8multirange" DEFAULT '{}' NOT NULL,
	CONSTRAINT "delivery_file_municipality_code_delivery_id_name_pk" PRIMARY KEY("municipality_code","delivery_id","name")
);
--> statement-breakpoint
CREATE TABLE "manifest_key" (
	"key_id" text PRIMARY KEY NOT NULL,
	"jwk" jsonb NOT NULL,
	"used_from" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "slice_total" (
	"municipality_code" text NOT NULL,
	"table_name" text NOT NULL,
	"period" text NOT NULL,
	"sha256" char(64) NOT NULL,
	"schema_hash" char(64) NOT NULL,
	"domain" text NOT NULL,
	"totals" jsonb NOT NULL,
	CONSTRAINT "slice_total_municipality_code_table_name_period_sha256_schema_hash_pk" PRIMARY KEY("municipality_code","table_name","period","sha256","schema_hash")
);
--> statement-breakpoint
ALTER TABLE "delivery" ADD CONSTRAINT "delivery_municipality_code_package_id_package_municipality_code_package_id_fk" FOREIGN KEY ("municipality_code","package_id") REFERENCES "public"."package"("municipality_code","package_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "delivery_acknowledgement" ADD CONSTRAINT "delivery_acknowledgement_municipality_code_delivery_id_delivery_municipality_code_delivery_id_fk" FOREIGN KEY ("municipality_code","delivery_id") REFERENCES "public"."delivery"("municipality_code","delivery_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "delivery_file" ADD CONSTRAINT "delivery_file_municipality_code_delivery_id_delivery_municipality_code_delivery_id_fk" FOREIGN KEY ("municipality_code","delivery_id") REFERENCES "public"."delivery"("municipality_code","delivery_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "slice_total" ADD CONSTRAINT "slice_total_of_slice" FOREIGN KEY ("municipality_code","table_name","period","sha256","schema_hash") REFERENCES "public"."slice"("municipality_code","table_name","period","sha256","schema_hash") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "delivery_due" ON "delivery" USING btree ("municipality_code","subscription_id","due_on");--> statement-breakpoint
CREATE INDEX "delivery_listed" ON "delivery" USING btree ("municipality_code","due_on","delivery_id");--> statement-breakpoint
CREATE INDEX "delivery_open" ON "delivery" USING btree ("promised_at") WHERE "delivery"."state" in ('scheduled', 'building');