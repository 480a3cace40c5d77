// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IBatchSettlement} from "../../src/payments/IBatchSettlement.sol";
import {IDepositCollector} from "../../src/payments/IDepositCollector.sol";
import {PaymentsTest} from "./PaymentsTest.sol";

interface IStandIn {
    error BatchSettlement_ChainNotLocal(uint256 chainId);
}

/// @notice Brings what it is told to, out of its own pocket.
contract AnyCollector is IDepositCollector {
    uint256 internal immutable _brought;

    constructor(uint256 brought) {
        _brought = brought;
    }

    function collect(address, address token, uint256, bytes32, bytes calldata) external {
        (bool success,) = token.call(abi.encodeWithSignature("mint(address,uint256)", msg.sender, _brought));
        require(success);
    }

    function x402BatchSettlement() external view returns (address) {
        return address(this);
    }
}

/// @notice What deposit.tree says.
contract DepositTest is PaymentsTest {
    function expectRefusal(IBatchSettlement.ChannelConfig memory config, bytes4 reason) internal {
        bytes memory data = collectorDataOf(config, DEPOSIT, BUYER_KEY);
        vm.expectRevert(reason);
        settlement.deposit(config, DEPOSIT, COLLECTOR, data);
    }

    function test_RevertWhen_TheChainIsNotLocal() public {
        IBatchSettlement.ChannelConfig memory config = configOf();
        vm.chainId(1);
        vm.expectRevert(abi.encodeWithSelector(IStandIn.BatchSettlement_ChainNotLocal.selector, 1));
        settlement.deposit(config, DEPOSIT, COLLECTOR, "");
    }

    function test_RevertWhen_SomebodyOfTheChannelIsZero() public {
        for (uint256 i; i < 4; ++i) {
            IBatchSettlement.ChannelConfig memory config = configOf();
            if (i == 0) config.payer = address(0);
            if (i == 1) config.receiver = address(0);
            if (i == 2) config.receiverAuthorizer = address(0);
            if (i == 3) config.token = address(0);
            expectRefusal(config, IBatchSettlement.InvalidChannel.selector);
        }
    }

    function test_RevertWhen_TheDelayIsOutOfRange() public {
        IBatchSettlement.ChannelConfig memory config = configOf();
        config.withdrawDelay = settlement.MIN_WITHDRAW_DELAY() - 1;
        expectRefusal(config, IBatchSettlement.WithdrawDelayOutOfRange.selector);
        config.withdrawDelay = settlement.MAX_WITHDRAW_DELAY() + 1;
        expectRefusal(config, IBatchSettlement.WithdrawDelayOutOfRange.selector);
        config.withdrawDelay = 15 minutes;
        deposit(config, DEPOSIT);
        config.withdrawDelay = 30 days;
        deposit(config, DEPOSIT);
    }

    function test_RevertWhen_TheAmountOrTheCollectorIsZero() public {
        vm.expectRevert(IBatchSettlement.ZeroDeposit.selector);
        settlement.deposit(configOf(), 0, COLLECTOR, "");
        vm.expectRevert(IBatchSettlement.InvalidCollector.selector);
        settlement.deposit(configOf(), 1, address(0), "");
    }

    function test_RevertWhen_TheChannelWouldHoldTooMuch() public {
        IBatchSettlement.ChannelConfig memory config = openChannel();
        vm.expectRevert(IBatchSettlement.DepositOverflow.selector);
        settlement.deposit(config, type(uint128).max - DEPOSIT + 1, COLLECTOR, "");
    }

    function test_RevertWhen_AnotherAmountArrives() public {
        IBatchSettlement.ChannelConfig memory config = configOf();
        uint256[3] memory brought = [uint256(0), DEPOSIT - 1, DEPOSIT + 1];
        for (uint256 i; i < brought.length; ++i) {
            address collector = address(new AnyCollector(brought[i]));
            vm.expectRevert(IBatchSettlement.DepositCollectionFailed.selector);
            settlement.deposit(config, DEPOSIT, collector, "");
        }
        settlement.deposit(config, DEPOSIT, address(new AnyCollector(DEPOSIT)), "");
        assertEq(balanceOf(config), DEPOSIT, "a collector of any kind");
    }

    function test_RevertWhen_ThePayerSignedSomethingElse() public {
        IBatchSettlement.ChannelConfig memory config = configOf();
        IBatchSettlement.ChannelConfig memory other = configOf();
        other.salt = bytes32(uint256(2));
        bytes memory data = collectorDataOf(config, DEPOSIT, BUYER_KEY);
        vm.expectRevert();
        settlement.deposit(other, DEPOSIT, COLLECTOR, data);
        vm.expectRevert();
        settlement.deposit(config, DEPOSIT + 1, COLLECTOR, data);
        bytes memory foreign = collectorDataOf(config, DEPOSIT, HOT_KEY);
        vm.expectRevert();
        settlement.deposit(config, DEPOSIT, COLLECTOR, foreign);
        (uint256 validAfter, uint256 validBefore, uint256 salt, bytes memory signature) =
            abi.decode(data, (uint256, uint256, uint256, bytes));
        vm.expectRevert();
        settlement.deposit(config, DEPOSIT, COLLECTOR, abi.encode(validAfter, validBefore, salt + 1, signature));
        vm.expectRevert();
        settlement.deposit(config, DEPOSIT, COLLECTOR, abi.encode(validAfter, validBefore + 1, salt, signature));
        vm.expectRevert();
        settlement.deposit(config, DEPOSIT, COLLECTOR, "");
        settlement.deposit(config, DEPOSIT, COLLECTOR, data);
        vm.expectRevert();
        settlement.deposit(config, DEPOSIT, COLLECTOR, data);
    }

    function test_TellsWhenAChannelBegins() public {
        IBatchSettlement.ChannelConfig memory config = configOf();
        bytes32 id = idOf(config);
        bytes memory data = collectorDataOf(config, DEPOSIT, BUYER_KEY);
        vm.expectEmit(true, true, true, true, SETTLEMENT);
        emit IBatchSettlement.ChannelCreated(id, config);
        vm.expectEmit(true, true, true, true, SETTLEMENT);
        emit IBatchSettlement.Deposited(id, relayer, DEPOSIT, DEPOSIT);
        vm.prank(relayer);
        settlement.deposit(config, DEPOSIT, COLLECTOR, data);

        vm.recordLogs();
        deposit(config, DEPOSIT);
        assertEq(created(), 0, "not at the second");
        vm.prank(address(receiver));
        settlement.refund(config, 2 * DEPOSIT);
        vm.recordLogs();
        deposit(config, DEPOSIT);
        assertEq(created(), 1, "again, after it was emptied");
        assertEq(balanceOf(config), DEPOSIT, "balance");
        assertEq(token.balanceOf(SETTLEMENT), DEPOSIT, "held");
    }

    function created() internal returns (uint256) {
        return countLogs(IBatchSettlement.ChannelCreated.selector);
    }

    function test_RevertWhen_TheCollectorIsCalledByOthers() public {
        vm.expectRevert(IDepositCollector.OnlyX402BatchSettlement.selector);
        IDepositCollector(COLLECTOR).collect(buyer, address(token), 1, 0, "");
        assertEq(IDepositCollector(COLLECTOR).x402BatchSettlement(), SETTLEMENT, "whom it brings money to");
    }
}
