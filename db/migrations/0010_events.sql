CREATE TABLE "event" (
	"municipality_code" text NOT NULL,
	"sequence" bigint NOT NULL,
	"event_id" uuid NOT NULL,
	"type" text NOT NULL,
	"domain" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"data" jsonb NOT NULL,
	CONSTRAINT "event_municipality_code_sequence_pk" PRIMARY KEY("municipality_code","sequence")
);
--> statement-breakpoint
CREATE TABLE "event_counter" (
	"municipality_code" text NOT NULL,
	"last" bigint NOT NULL,
	"gone_until" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "event_counter_municipality_code_pk" PRIMARY KEY("municipality_code")
);
--> statement-breakpoint
CREATE TABLE "nationwide_event" (
	"event_id" uuid PRIMARY KEY NOT NULL,
	"type" text NOT NULL,
	"domain" text NOT NULL,
	"data" jsonb NOT NULL,
	"written_at" timestamp with time zone DEFAULT now() NOT NULL,
	"distributed_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "webhook" (
	"municipality_code" text NOT NULL,
	"webhook_id" uuid NOT NULL,
	"url" text NOT NULL,
	"types" text[],
	"domains" text[],
	"status" text NOT NULL,
	"disabled_reason" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"created_by" text NOT NULL,
	"failing_since" timestamp with time zone,
	"tried_at" timestamp with time zone,
	CONSTRAINT "webhook_municipality_code_webhook_id_pk" PRIMARY KEY("municipality_code","webhook_id")
);
--> statement-breakpoint
CREATE TABLE "webhook_attempt" (
	"municipality_code" text NOT NULL,
	"webhook_id" uuid NOT NULL,
	"attempt" bigint GENERATED ALWAYS AS IDENTITY (sequence name "webhook_attempt_attempt_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"message_id" uuid NOT NULL,
	"type" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"duration_ms" integer NOT NULL,
	"outcome" text NOT NULL,
	"status" integer,
	CONSTRAINT "webhook_attempt_municipality_code_webhook_id_attempt_pk" PRIMARY KEY("municipality_code","webhook_id","attempt")
);
--> statement-breakpoint
CREATE TABLE "webhook_message" (
	"municipality_code" text NOT NULL,
	"webhook_id" uuid NOT NULL,
	"message_id" uuid NOT NULL,
	"kind" text NOT NULL,
	"challenge" text,
	"state" text DEFAULT 'waiting' NOT NULL,
	"since" timestamp with time zone DEFAULT now() NOT NULL,
	"next_at" timestamp with time zone DEFAULT now() NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	CONSTRAINT "webhook_message_municipality_code_webhook_id_message_id_pk" PRIMARY KEY("municipality_code","webhook_id","message_id")
);
--> statement-breakpoint
CREATE TABLE "webhook_secret" (
	"municipality_code" text NOT NULL,
	"webhook_id" uuid NOT NULL,
	"secret_id" uuid NOT NULL,
	"sealed" "bytea" NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp with time zone,
	CONSTRAINT "webhook_secret_municipality_code_webhook_id_secret_id_pk" PRIMARY KEY("municipality_code","webhook_id","secret_id")
);
--> statement-breakpoint
ALTER TABLE "webhook_attempt" ADD CONSTRAINT "webhook_attempt_municipality_code_webhook_id_webhook_municipality_code_webhook_id_fk" FOREIGN KEY ("municipality_code","webhook_id") REFERENCES "public"."webhook"("municipality_code","webhook_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "webhook_secret" ADD CONSTRAINT "webhook_secret_municipality_code_webhook_id_webhook_municipality_code_webhook_id_fk" FOREIGN KEY ("municipality_code","webhook_id") REFERENCES "public"."webhook"("municipality_code","webhook_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "event_id" ON "event" USING btree ("municipality_code","event_id");--> statement-breakpoint
CREATE INDEX "event_at" ON "event" USING btree ("municipality_code","at");--> statement-breakpoint
CREATE INDEX "nationwide_event_waiting" ON "nationwide_event" USING btree ("written_at") WHERE distributed_at is null;--> statement-breakpoint
CREATE INDEX "webhook_attempt_at" ON "webhook_attempt" USING btree ("at");--> statement-breakpoint
CREATE INDEX "webhook_message_waiting" ON "webhook_message" USING btree ("municipality_code","webhook_id","next_at") WHERE state = 'waiting';