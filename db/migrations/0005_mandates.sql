CREATE TABLE "mandate" (
	"municipality_code" text NOT NULL,
	"mandate_id" uuid NOT NULL,
	"client_id" text NOT NULL,
	"vendor" text NOT NULL,
	"contact" text NOT NULL,
	"domains" text[] NOT NULL,
	"scopes" text[] NOT NULL,
	"purpose" text NOT NULL,
	"ends_on" date NOT NULL,
	"proposed_at" timestamp with time zone DEFAULT now() NOT NULL,
	"approved_at" timestamp with time zone,
	"approved_by" text,
	"ended_at" timestamp with time zone,
	"ended_by" text,
	CONSTRAINT "mandate_municipality_code_mandate_id_pk" PRIMARY KEY("municipality_code","mandate_id")
);
--> statement-breakpoint
CREATE INDEX "mandate_client" ON "mandate" USING btree ("client_id");