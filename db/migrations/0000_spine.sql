CREATE TABLE "audit_entry" (
	"municipality_code" text NOT NULL,
	"entry" bigint GENERATED ALWAYS AS IDENTITY (sequence name "audit_entry_entry_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"client_id" text NOT NULL,
	"request_id" text NOT NULL,
	"operation" text NOT NULL,
	"object" jsonb NOT NULL,
	CONSTRAINT "audit_entry_municipality_code_entry_pk" PRIMARY KEY("municipality_code","entry")
);
--> statement-breakpoint
CREATE TABLE "delta_sequence" (
	"municipality_code" text NOT NULL,
	"domain" text NOT NULL,
	"source_system" text NOT NULL,
	"last" integer NOT NULL,
	CONSTRAINT "delta_sequence_municipality_code_domain_source_system_pk" PRIMARY KEY("municipality_code","domain","source_system")
);
--> statement-breakpoint
CREATE TABLE "finding" (
	"municipality_code" text NOT NULL,
	"source_delivery_id" uuid NOT NULL,
	"number" integer NOT NULL,
	"rule" text NOT NULL,
	"severity" text NOT NULL,
	"table_name" text NOT NULL,
	"period" text,
	"row" bigint,
	"column_name" text,
	"reference" text,
	"message_da" text NOT NULL,
	"message_en" text NOT NULL,
	CONSTRAINT "finding_municipality_code_source_delivery_id_number_pk" PRIMARY KEY("municipality_code","source_delivery_id","number")
);
--> statement-breakpoint
CREATE TABLE "finding_count" (
	"municipality_code" text NOT NULL,
	"source_delivery_id" uuid NOT NULL,
	"rule" text NOT NULL,
	"table_name" text NOT NULL,
	"severity" text NOT NULL,
	"count" bigint NOT NULL,
	CONSTRAINT "finding_count_municipality_code_source_delivery_id_rule_table_name_pk" PRIMARY KEY("municipality_code","source_delivery_id","rule","table_name")
);
--> statement-breakpoint
CREATE TABLE "idempotency_key" (
	"municipality_code" text NOT NULL,
	"client_id" text NOT NULL,
	"key" text NOT NULL,
	"operation" text NOT NULL,
	"request_sha256" char(64) NOT NULL,
	"status" integer NOT NULL,
	"location" text,
	"body" jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "idempotency_key_municipality_code_client_id_key_pk" PRIMARY KEY("municipality_code","client_id","key")
);
--> statement-breakpoint
CREATE TABLE "source_delivery" (
	"municipality_code" text NOT NULL,
	"source_delivery_id" uuid NOT NULL,
	"domain" text NOT NULL,
	"kind" text NOT NULL,
	"source_system" text NOT NULL,
	"period_from" char(7) NOT NULL,
	"period_to" char(7) NOT NULL,
	"sequence" integer,
	"state" text DEFAULT 'open' NOT NULL,
	"client_id" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"submitted_at" timestamp with time zone,
	"finished_at" timestamp with time zone,
	"revision" integer,
	"failure" text,
	CONSTRAINT "source_delivery_municipality_code_source_delivery_id_pk" PRIMARY KEY("municipality_code","source_delivery_id"),
	CONSTRAINT "delta_has_sequence" CHECK (("source_delivery"."kind" = 'delta') = ("source_delivery"."sequence" is not null))
);
--> statement-breakpoint
CREATE TABLE "source_file" (
	"municipality_code" text NOT NULL,
	"source_delivery_id" uuid NOT NULL,
	"table_name" text NOT NULL,
	"storage_key" text NOT NULL,
	"bytes" bigint NOT NULL,
	"sha256" char(64) NOT NULL,
	"encrypted" text NOT NULL,
	"compression" text NOT NULL,
	"dialect" jsonb NOT NULL,
	"received_at" timestamp with time zone DEFAULT now() NOT NULL,
	"rows" bigint,
	CONSTRAINT "source_file_municipality_code_source_delivery_id_table_name_pk" PRIMARY KEY("municipality_code","source_delivery_id","table_name")
);
--> statement-breakpoint
CREATE TABLE "table_source" (
	"municipality_code" text NOT NULL,
	"table_name" text NOT NULL,
	"source_system" text NOT NULL,
	"since" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "table_source_municipality_code_table_name_pk" PRIMARY KEY("municipality_code","table_name")
);
--> statement-breakpoint
CREATE TABLE "computed_revision" (
	"municipality_code" text NOT NULL,
	"domain" text NOT NULL,
	"revision" integer NOT NULL,
	"formulas_hash" char(64) NOT NULL,
	CONSTRAINT "computed_revision_municipality_code_domain_pk" PRIMARY KEY("municipality_code","domain")
);
--> statement-breakpoint
CREATE TABLE "formula_value" (
	"municipality_code" text NOT NULL,
	"formula" text NOT NULL,
	"formula_version" integer NOT NULL,
	"period" text NOT NULL,
	"breakdown" text NOT NULL,
	"domain" text NOT NULL,
	"revision" integer NOT NULL,
	"bucket" text NOT NULL,
	"value" numeric,
	"missing" text,
	"computed_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "formula_value_municipality_code_formula_formula_version_period_breakdown_revision_pk" PRIMARY KEY("municipality_code","formula","formula_version","period","breakdown","revision")
);
--> statement-breakpoint
CREATE TABLE "release" (
	"release_id" text PRIMARY KEY NOT NULL,
	"domain" text NOT NULL,
	"number" integer NOT NULL,
	"state" text NOT NULL,
	"requested_at" timestamp with time zone DEFAULT now() NOT NULL,
	"published_at" timestamp with time zone,
	"requested_by" text NOT NULL,
	"idempotency_key" text,
	"note" text
);
--> statement-breakpoint
CREATE TABLE "release_pin" (
	"release_id" text NOT NULL,
	"municipality_code" text NOT NULL,
	"domain" text NOT NULL,
	"revision" integer NOT NULL,
	"open_errors" boolean NOT NULL,
	CONSTRAINT "release_pin_release_id_municipality_code_domain_pk" PRIMARY KEY("release_id","municipality_code","domain")
);
--> statement-breakpoint
CREATE TABLE "released_value" (
	"release_id" text NOT NULL,
	"key_figure" text NOT NULL,
	"period" text NOT NULL,
	"breakdown" text NOT NULL,
	"municipality_code" text NOT NULL,
	"numerator" numeric,
	"denominator" numeric,
	"value" numeric,
	"status" text NOT NULL,
	"reason" text,
	CONSTRAINT "released_value_release_id_key_figure_period_breakdown_municipality_code_pk" PRIMARY KEY("release_id","key_figure","period","breakdown","municipality_code")
);
--> statement-breakpoint
CREATE TABLE "package" (
	"municipality_code" text NOT NULL,
	"package_id" uuid NOT NULL,
	"domain" text NOT NULL,
	"kind" text NOT NULL,
	"revision" integer NOT NULL,
	"since" integer,
	"state" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ready_at" timestamp with time zone,
	"failure" text,
	"manifest" jsonb,
	CONSTRAINT "package_municipality_code_package_id_pk" PRIMARY KEY("municipality_code","package_id")
);
--> statement-breakpoint
CREATE TABLE "package_file" (
	"municipality_code" text NOT NULL,
	"package_id" uuid NOT NULL,
	"name" text NOT NULL,
	"media_type" text NOT NULL,
	"scope" text NOT NULL,
	"rows" bigint,
	"bytes" bigint NOT NULL,
	"sha256" char(64) NOT NULL,
	"parts" jsonb NOT NULL,
	CONSTRAINT "package_file_municipality_code_package_id_name_pk" PRIMARY KEY("municipality_code","package_id","name")
);
--> statement-breakpoint
CREATE TABLE "revision" (
	"municipality_code" text NOT NULL,
	"domain" text NOT NULL,
	"revision" integer NOT NULL,
	"kind" text NOT NULL,
	"source_delivery_id" uuid,
	"restored_revision" integer,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"slices_changed" integer NOT NULL,
	CONSTRAINT "revision_municipality_code_domain_revision_pk" PRIMARY KEY("municipality_code","domain","revision")
);
--> statement-breakpoint
CREATE TABLE "rule_result" (
	"municipality_code" text NOT NULL,
	"domain" text NOT NULL,
	"rule" text NOT NULL,
	"table_name" text NOT NULL,
	"period" text NOT NULL,
	"revision" integer NOT NULL,
	"severity" text NOT NULL,
	"count" bigint NOT NULL,
	CONSTRAINT "rule_result_municipality_code_domain_rule_table_name_period_revision_pk" PRIMARY KEY("municipality_code","domain","rule","table_name","period","revision")
);
--> statement-breakpoint
CREATE TABLE "slice" (
	"municipality_code" text NOT NULL,
	"table_name" text NOT NULL,
	"period" text NOT NULL,
	"sha256" char(64) NOT NULL,
	"schema_hash" char(64) NOT NULL,
	"domain" text NOT NULL,
	"rows" bigint NOT NULL,
	"csv_bytes" bigint NOT NULL,
	"csv_crc32" bigint NOT NULL,
	"segment_key" text NOT NULL,
	"segment_bytes" bigint NOT NULL,
	"segment_sha256" char(64) NOT NULL,
	"parquet_key" text NOT NULL,
	"parquet_bytes" bigint NOT NULL,
	"parquet_sha256" char(64) NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "slice_municipality_code_table_name_period_sha256_schema_hash_pk" PRIMARY KEY("municipality_code","table_name","period","sha256","schema_hash")
);
--> statement-breakpoint
CREATE TABLE "slice_change" (
	"municipality_code" text NOT NULL,
	"domain" text NOT NULL,
	"table_name" text NOT NULL,
	"period" text NOT NULL,
	"revision" integer NOT NULL,
	"slice_sha256" char(64),
	"schema_hash" char(64),
	CONSTRAINT "slice_change_municipality_code_domain_table_name_period_revision_pk" PRIMARY KEY("municipality_code","domain","table_name","period","revision")
);
--> statement-breakpoint
CREATE TABLE "slice_diff" (
	"municipality_code" text NOT NULL,
	"table_name" text NOT NULL,
	"period" text NOT NULL,
	"from_sha256" text NOT NULL,
	"to_sha256" text NOT NULL,
	"schema_hash" char(64) NOT NULL,
	"revision" integer NOT NULL,
	"inserted" bigint NOT NULL,
	"updated" bigint NOT NULL,
	"deleted" bigint NOT NULL,
	"csv_bytes" bigint NOT NULL,
	"csv_crc32" bigint NOT NULL,
	"csv_sha256" char(64) NOT NULL,
	"segment_key" text NOT NULL,
	"segment_bytes" bigint NOT NULL,
	"segment_sha256" char(64) NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "slice_diff_municipality_code_table_name_period_from_sha256_to_sha256_schema_hash_revision_pk" PRIMARY KEY("municipality_code","table_name","period","from_sha256","to_sha256","schema_hash","revision")
);
--> statement-breakpoint
ALTER TABLE "finding" ADD CONSTRAINT "finding_municipality_code_source_delivery_id_source_delivery_municipality_code_source_delivery_id_fk" FOREIGN KEY ("municipality_code","source_delivery_id") REFERENCES "public"."source_delivery"("municipality_code","source_delivery_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "finding_count" ADD CONSTRAINT "finding_count_municipality_code_source_delivery_id_source_delivery_municipality_code_source_delivery_id_fk" FOREIGN KEY ("municipality_code","source_delivery_id") REFERENCES "public"."source_delivery"("municipality_code","source_delivery_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "source_file" ADD CONSTRAINT "source_file_municipality_code_source_delivery_id_source_delivery_municipality_code_source_delivery_id_fk" FOREIGN KEY ("municipality_code","source_delivery_id") REFERENCES "public"."source_delivery"("municipality_code","source_delivery_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "formula_value" ADD CONSTRAINT "formula_value_municipality_code_domain_revision_revision_municipality_code_domain_revision_fk" FOREIGN KEY ("municipality_code","domain","revision") REFERENCES "public"."revision"("municipality_code","domain","revision") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "release_pin" ADD CONSTRAINT "release_pin_release_id_release_release_id_fk" FOREIGN KEY ("release_id") REFERENCES "public"."release"("release_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "released_value" ADD CONSTRAINT "released_value_release_id_release_release_id_fk" FOREIGN KEY ("release_id") REFERENCES "public"."release"("release_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "package" ADD CONSTRAINT "package_municipality_code_domain_revision_revision_municipality_code_domain_revision_fk" FOREIGN KEY ("municipality_code","domain","revision") REFERENCES "public"."revision"("municipality_code","domain","revision") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "package_file" ADD CONSTRAINT "package_file_municipality_code_package_id_package_municipality_code_package_id_fk" FOREIGN KEY ("municipality_code","package_id") REFERENCES "public"."package"("municipality_code","package_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "revision" ADD CONSTRAINT "revision_municipality_code_source_delivery_id_source_delivery_municipality_code_source_delivery_id_fk" FOREIGN KEY ("municipality_code","source_delivery_id") REFERENCES "public"."source_delivery"("municipality_code","source_delivery_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "rule_result" ADD CONSTRAINT "rule_result_municipality_code_domain_revision_revision_municipality_code_domain_revision_fk" FOREIGN KEY ("municipality_code","domain","revision") REFERENCES "public"."revision"("municipality_code","domain","revision") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "slice_change" ADD CONSTRAINT "slice_change_municipality_code_domain_revision_revision_municipality_code_domain_revision_fk" FOREIGN KEY ("municipality_code","domain","revision") REFERENCES "public"."revision"("municipality_code","domain","revision") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "slice_change" ADD CONSTRAINT "slice_change_municipality_code_table_name_period_slice_sha256_schema_hash_slice_municipality_code_table_name_period_sha256_schema_hash_fk" FOREIGN KEY ("municipality_code","table_name","period","slice_sha256","schema_hash") REFERENCES "public"."slice"("municipality_code","table_name","period","sha256","schema_hash") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "audit_entry_at" ON "audit_entry" USING btree ("municipality_code","at");--> statement-breakpoint
CREATE INDEX "idempotency_key_created" ON "idempotency_key" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "source_delivery_created" ON "source_delivery" USING btree ("municipality_code","created_at","source_delivery_id");--> statement-breakpoint
CREATE UNIQUE INDEX "source_file_storage_key" ON "source_file" USING btree ("municipality_code","storage_key");--> statement-breakpoint
CREATE INDEX "formula_value_bucket" ON "formula_value" USING btree ("municipality_code","formula","bucket");--> statement-breakpoint
CREATE UNIQUE INDEX "release_number" ON "release" USING btree ("domain","number");--> statement-breakpoint
CREATE UNIQUE INDEX "release_idempotency" ON "release" USING btree ("requested_by","idempotency_key");--> statement-breakpoint
CREATE UNIQUE INDEX "package_content" ON "package" USING btree ("municipality_code","domain","kind","revision",coalesce("since", -1)) WHERE "package"."state" <> 'failed';--> statement-breakpoint
CREATE INDEX "package_created" ON "package" USING btree ("municipality_code","created_at","package_id");--> statement-breakpoint
CREATE UNIQUE INDEX "revision_source_delivery" ON "revision" USING btree ("municipality_code","source_delivery_id");--> statement-breakpoint
CREATE INDEX "slice_change_revision" ON "slice_change" USING btree ("municipality_code","domain","revision");