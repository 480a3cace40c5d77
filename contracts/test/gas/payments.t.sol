// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IBatchSettlement} from "../../src/payments/IBatchSettlement.sol";
import {ITestUSD} from "../utils/ITestUSD.sol";
import {PlainToken} from "../utils/PlainToken.sol";
import {PaymentsTest} from "../payments/PaymentsTest.sol";

/// @notice Brings what a payer allowed it to.
contract AllowanceCollector {
    function collect(address payer, address token, uint256 amount, bytes32, bytes calldata) external {
        (bool success,) =
            token.call(abi.encodeWithSignature("transferFrom(address,address,uint256)", payer, msg.sender, amount));
        require(success);
    }
}

/// @notice What channels cost, as whole transactions; see gas.t.sol.
/// forge-config: test.isolate = true
contract PaymentsGasTest is PaymentsTest {
    uint256 internal constant CLAIMS = 100;
    uint256 internal constant VERSIONS = 10;

    address internal collector;

    function setUp() public override {
        super.setUp();
        token = ITestUSD(address(new PlainToken()));
        vm.prank(governor);
        ledger.setTokenAllowed(address(token), true);
        token.mint(buyer, 1e15);
        token.mint(address(ledger), 1);
        token.mint(address(receiver), 1);
        collector = address(new AllowanceCollector());
    }

    function recordValue(string memory operation, uint256 gas, uint256 limit) internal {
        vm.snapshotValue("gas", operation, gas);
        assertTrue(gas <= limit, string.concat(operation, " costs ", vm.toString(gas)));
    }

    /// @dev As x402's own client makes them: each of another payer, who signs itself, without a salt.
    function channelAt(uint256 place) internal returns (IBatchSettlement.ChannelConfig memory config) {
        config = configOf();
        config.payer = config.payerAuthorizer = vm.addr(keyAt(place));
        config.salt = 0;
        token.mint(config.payer, DEPOSIT);
        vm.prank(config.payer);
        token.approve(collector, type(uint256).max);
    }

    function keyAt(uint256 place) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode("a payer", place))) >> 8;
    }

    function test_claimHundred() public {
        IBatchSettlement.VoucherClaim[] memory all = new IBatchSettlement.VoucherClaim[](CLAIMS);
        for (uint256 i; i < CLAIMS; ++i) {
            settlement.deposit(channelAt(i), DEPOSIT, collector, "");
        }
        for (uint256 round = 1; round <= 2; ++round) {
            for (uint256 i; i < CLAIMS; ++i) {
                uint128 total = uint128(round * 10_000 + i);
                all[i] = claimOf(channelAt(i), total + 5_000, total, keyAt(i));
            }
            bytes memory signature = signDigest(OPERATOR_KEY, settlement.getClaimBatchDigest(all));
            vm.prank(relayer);
            settlement.claimWithSignature(all, signature);
        }
        recordValue("claim 100 channels in one transaction, each", vm.lastCallGas().gasTotalUsed / CLAIMS, 17_500);
    }

    function test_distribute() public {
        IBatchSettlement.ChannelConfig memory config = channelAt(0);
        settlement.deposit(config, DEPOSIT, collector, "");
        uint256[] memory versions = new uint256[](VERSIONS);
        uint256[] memory amounts = new uint256[](VERSIONS);
        for (uint256 i; i < VERSIONS; ++i) {
            versions[i] = publishFrom(ada, list(), 0);
        }
        uint256[3] memory gas;
        // The first round fills the slots, the second writes all of them, the third one.
        for (uint256 round; round < 3; ++round) {
            if (round == 2) (versions, amounts) = (list(versions[0]), new uint256[](1));
            for (uint256 i; i < versions.length; ++i) {
                amounts[i] = 5_000 + i;
            }
            (, uint256 settled) = settlement.receivers(address(receiver), address(token));
            uint128 total = uint128(settled + 6_000 * versions.length);
            claimSigned(rows(claimOf(config, total, total, keyAt(0))));
            settlement.settle(address(receiver), address(token));
            bytes16 history = receiver.historyOf(address(token));
            vm.prank(operator);
            receiver.distribute(address(token), history, versions, amounts, ROOT);
            gas[round] = vm.lastCallGas().gasTotalUsed;
        }
        recordValue("distribute to one version, again", gas[2], 85_000);
        recordValue("distribute, each version beyond the first", (gas[1] - gas[2]) / (VERSIONS - 1), 9_000);
    }

    function test_settleAndCreate() public {
        IBatchSettlement.ChannelConfig memory config = channelAt(0);
        settlement.deposit(config, DEPOSIT, collector, "");
        claimSigned(rows(claimOf(config, 10_000, 10_000, keyAt(0))));
        settlement.settle(address(receiver), address(token));
        claimSigned(rows(claimOf(config, 20_000, 20_000, keyAt(0))));
        settlement.settle(address(receiver), address(token));
        recordValue("settle, again", vm.lastCallGas().gasTotalUsed, 60_000);
        receivers.create(ada);
        recordValue("create an operator's receiver", vm.lastCallGas().gasTotalUsed, 120_000);
    }
}
