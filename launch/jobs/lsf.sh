#!/bin/bash
# Trains in slices of the run limit until the run is complete: EXPERIMENT=my.yaml bsub < launch/jobs/lsf.sh
#BSUB -J sgm-train
#BSUB -n 8
#BSUB -R "span[ptile=4]"
#BSUB -W 04:00
#BSUB -o sgm-train.%J.log
#BSUB -r
#BSUB -Q "75"                   # this status requeues the job
# module load sgm-train
trap : USR1    # bkill -s USR1 reaches this script as well, and must not end it
# An Open MPI that was built with LSF reads the hosts itself; another needs --hostfile "$LSB_DJOB_HOSTFILE".
mpirun sgm-train "${EXPERIMENT:?name the file in EXPERIMENT}" --continue
# 75, stopped with a checkpoint before the end of its time, requeues the job by -Q; every other status ends it.
